// Sends a job.
//
//     SLIPWAY_JOBS_URL=QUEUE-URL node send.mjs https://github.com/acme/app main
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const [url, revision] = process.argv.slice(2);
const job = { version: 1, source: { url, revision }, tenant: "team-a" };
const sent = await new SQSClient().send(
  new SendMessageCommand({
    QueueUrl: process.env.SLIPWAY_JOBS_URL,
    MessageBody: JSON.stringify(job),
    // A fair queue: where one group has very many messages, SQS gives those of the others first.
    MessageGroupId: job.tenant,
  }),
);
// The job names no id of its own, so it has its message's.
console.log(sent.MessageId);
