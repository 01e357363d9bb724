// A small forum with Heed, in JavaScript: node forum.mjs. Your own has its database in place of `posts`, its mailer in place of tell().
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const { HEED_URL, HEED_FORUM, HEED_WEBHOOK_SECRET, HEED_CALLBACK_SECRET, PORT } = process.env;
const posts = new Map();
const heard = new Set();

// A new post is shown at once; an edited one stays hidden if it was, until Heed has read the new words.
function save(id, { text, author }) {
  const { revision, shown } = posts.get(id) ?? { revision: 0, shown: true };
  posts.set(id, { text, shows: text, author, shown, revision: revision + 1, sent: false });
}

// Standard Webhooks: the id, the time in seconds and the raw body, by the secret's own bytes.
function sign(secret, id, seconds, body) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return "v1," + createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
}

function isHeeds(headers, body) {
  const [id, seconds, sent] = ["id", "timestamp", "signature"].map((name) => headers[`webhook-${name}`] ?? "");
  const right = Buffer.from(sign(HEED_CALLBACK_SECRET, id, seconds, body));
  const signed = sent.split(" ").some((each) => each.length === right.length && timingSafeEqual(Buffer.from(each, "latin1"), right));
  return signed && Math.abs(Date.now() / 1000 - Number(seconds)) < 300;
}

// Posts that Heed has not got yet; while it is down they wait here.
async function sendWhatWaits() {
  for (const [id, post] of posts) {
    if (post.sent) continue;
    const body = JSON.stringify({ id, revision: post.revision, body: post.text, author: post.author });
    const [message, seconds] = [`msg_${id}_${post.revision}`, String(Math.floor(Date.now() / 1000))];
    const signature = sign(HEED_WEBHOOK_SECRET, message, seconds, body);
    const headers = { "x-heed-forum": HEED_FORUM, "webhook-id": message, "webhook-timestamp": seconds, "webhook-signature": signature };
    const answer = await fetch(`${HEED_URL}/v1/posts`, { method: "POST", body, headers, signal: AbortSignal.timeout(10_000) }).catch(() => null);
    if (!answer || answer.status === 429 || answer.status >= 500) return;
    post.sent = true;
    if (!answer.ok) console.log(`Heed refused post ${id}: ${await answer.text()}`);
  }
}

function carryOut({ type, data }) {
  const post = posts.get(data.external_id);
  // Gone, or of older words: the newer ones get a verdict of their own.
  if (!post || data.revision !== post.revision) return;
  if (type !== "post.care") {
    post.shown = !["hold", "remove"].includes(data.action);
    post.shows = data.body ?? post.shows;
  }
  const lines = data.crisis_resources.map((each) => `${each.name}: ${each.contact}`);
  for (const words of [data.message, ...lines].filter(Boolean)) tell(post.author, words);
}

function tell(author, words) {
  console.log(`To ${author}: ${words}`);
}

createServer(async (request, response) => {
  const body = await text(request);
  const id = decodeURIComponent(request.url.replace("/posts/", ""));
  if (request.method === "GET") {
    const post = posts.get(id);
    return response.writeHead(post ? 200 : 404).end(post?.shown ? post.shows : "");
  }
  if (request.url !== "/heed") {
    save(id, JSON.parse(body));
    return response.writeHead(201).end();
  }
  if (!isHeeds(request.headers, body)) return response.writeHead(401).end();
  if (!heard.has(request.headers["webhook-id"])) carryOut(JSON.parse(body));
  heard.add(request.headers["webhook-id"]);
  response.writeHead(204).end();
}).listen(Number(PORT), "127.0.0.1");

for (;;) {
  await sendWhatWaits();
  await new Promise((awake) => setTimeout(awake, 1000));
}
