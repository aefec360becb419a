// Tells a chat how jobs ended, through an incoming webhook that takes {"text": …}, such as Slack's and Mattermost's.
//
//     SLIPWAY_EVENTS_URL=QUEUE-URL CHAT_WEBHOOK_URL=URL node chat.mjs
//
// The queue is subscribed to the topic with raw delivery.
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const sqs = new SQSClient();
const QueueUrl = process.env.SLIPWAY_EVENTS_URL;
// An excerpt can have 32 KiB; a chat wants the last lines.
const EXCERPT = 1500;
// Events are delivered at least once. The oldest of so many ids is forgotten.
const SEEN = 1000;
const seen = new Set();

// What stands in a job or a log is text: it can neither be markup nor call people.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const block = (text) => "```\n" + plain(text.slice(-EXCERPT)).replaceAll("```", "'''") + "\n```";

function text({ type, subject, data }) {
  if (type === "slipway.job.rejected") {
    const problems = data.problems.map(({ path, problem }) => `${path}: ${problem}`);
    return `${plain(subject)} was rejected\n${block(problems.join("\n"))}`;
  }
  if (type !== "slipway.job.finished") return undefined;
  const head = `${plain(subject)} ${plain(data.status)}: ${plain(data.job.source.url)}`;
  if (data.status === "succeeded") return head;
  const excerpt = data.log?.excerpt ? `\n${block(data.log.excerpt)}` : "";
  return `${head}\n${plain(data.failure?.message ?? data.reason ?? "")}${excerpt}`;
}

async function tell(event) {
  const said = text(event);
  if (said === undefined || seen.has(event.id)) return;
  const answer = await fetch(process.env.CHAT_WEBHOOK_URL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: said }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`the chat answers ${answer.status}`);
  seen.add(event.id);
  if (seen.size > SEEN) seen.delete(seen.values().next().value);
}

for (;;) {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }));
  for (const { Body, ReceiptHandle } of Messages) {
    const event = JSON.parse(Body);
    try {
      await tell(event);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    } catch (error) {
      // The event comes again after the queue's visibility timeout, and goes to its dead-letter queue in the end.
      console.error(`${event.id}: ${error.message}`);
    }
  }
}
