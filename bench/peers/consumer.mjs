// The same work on sqs-consumer, as a good engineer would write it: consumers enough for all builds at once, each with its heartbeat (a
// message is deleted when its handler is done), and one look at all builds each second.

import { BatchGetBuildsCommand, CodeBuildClient, StartBuildCommand } from "@aws-sdk/client-codebuild";
import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { PublishBatchCommand, SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const { QUEUE_URL, TOPIC_ARN, PROJECT, RUNNING, LOOK, VISIBILITY } = process.env;
const [sqs, sns, codebuild, logs] = [new SQSClient(), new SNSClient(), new CodeBuildClient(), new CloudWatchLogsClient()];

const builds = new Map(); // by build id: who waits for its end

async function look() {
  const ids = [...builds.keys()];
  for (let at = 0; at < ids.length; at += 100) {
    const answer = await codebuild.send(new BatchGetBuildsCommand({ ids: ids.slice(at, at + 100) }));
    for (const build of answer.builds.filter((build) => build.buildComplete)) {
      builds.get(build.id)(build);
      builds.delete(build.id);
    }
  }
}

const waiting = [];
let timer;

function publish(message) {
  return new Promise((resolve, reject) => {
    waiting.push({ message, resolve, reject });
    if (waiting.length === 10) flush();
    else timer ??= setTimeout(flush, 5);
  });
}

async function flush() {
  clearTimeout(timer);
  timer = undefined;
  const batch = waiting.splice(0, 10);
  if (!batch.length) return;
  const entries = batch.map(({ message }, n) => ({ Id: `${n}`, Message: message }));
  try {
    await sns.send(new PublishBatchCommand({ TopicArn: TOPIC_ARN, PublishBatchRequestEntries: entries }));
    batch.forEach(({ resolve }) => resolve());
  } catch (error) {
    batch.forEach(({ reject }) => reject(error));
  }
}

async function carry(message) {
  const job = JSON.parse(message.Body);
  const { build: started } = await codebuild.send(
    new StartBuildCommand({
      projectName: PROJECT,
      sourceLocationOverride: job.source.url,
      environmentVariablesOverride: [{ name: "JOB_ID", value: job.id }],
      idempotencyToken: job.id,
    }),
  );
  const build = await new Promise((resolve) => builds.set(started.id, resolve));
  const { groupName, streamName } = build.logs;
  const page = await logs.send(
    new GetLogEventsCommand({ logGroupName: groupName, logStreamName: streamName, limit: 40, startFromHead: false }),
  );
  const log = page.events.map((event) => event.message).join("");
  await publish(JSON.stringify({ id: job.id, data: { build: { id: build.id }, status: build.buildStatus, log } }));
}

for (let n = 0; n < Math.ceil(RUNNING / 10); n++) {
  const consumer = Consumer.create({
    sqs,
    queueUrl: QUEUE_URL,
    batchSize: 10,
    waitTimeSeconds: 20,
    visibilityTimeout: Number(VISIBILITY),
    heartbeatInterval: VISIBILITY / 3,
    handleMessageBatch: async (messages) => {
      await Promise.all(messages.map(carry));
      return messages;
    },
  });
  consumer.on("error", () => {});
  consumer.on("processing_error", () => {});
  consumer.start();
}

for (;;) {
  await look().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1000 * LOOK));
}
