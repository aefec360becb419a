// Compiles a schema in strict mode and prints which of the documents on stdin, a JSON list, are valid, and the TypeScript types.
import { readFileSync } from "node:fs";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";
import { compile } from "json-schema-to-typescript";

const schema = JSON.parse(readFileSync(process.argv[2], "utf8"));
const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats(ajv);
const validate = ajv.compile(schema);
const valid = JSON.parse(readFileSync(0, "utf8")).map((document) => validate(document));
const types = await compile(schema, "Root");
process.stdout.write(JSON.stringify({ valid, types }));
