"use strict";

const nconf = require.main.require("nconf");
const winston = require.main.require("winston");
const db = require.main.require("./src/database");
const posts = require.main.require("./src/posts");
const topics = require.main.require("./src/topics");

const UNSENT = "heed:unsent"; // ids of posts that Heed has to hear of: it may be away
const WAIT_MS = 5000;

function setting(name) {
  return nconf.get(`heed:${name}`);
}

async function ask(method, path, document) {
  const headers = { authorization: `Bearer ${setting("apiKey")}`, "content-type": "application/json" };
  const body = document && JSON.stringify(document);
  return fetch(setting("url") + path, { method, headers, body, signal: AbortSignal.timeout(10000) });
}

// `gone` is what became of the post, or empty: then it has new words.
async function note(pid, gone) {
  if (!/^\d+$/.test(pid)) return; // of another server, by ActivityPub
  await db.setObject(`heed:post:${pid}`, { gone, at: Date.now() });
  if (!gone) await db.incrObjectField(`heed:post:${pid}`, "revision");
  await db.sortedSetAdd(UNSENT, Date.now(), pid);
}

// What this plugin hid is not deleted: Heed has to be able to give it back.
async function noteOfPerson(pid, gone, uid) {
  if (Number(uid) !== Number(setting("uid"))) await note(pid, gone);
}

// A post as it stands now. 409: it was edited while it was read here, and its hook counts the revision in a moment.
async function send(pid) {
  const known = await db.getObject(`heed:post:${pid}`);
  const post = await posts.getPostFields(pid, ["content", "tid", "uid", "toPid"]);
  if (known.gone) {
    return ask("POST", "/v1/events", { type: known.gone, timestamp: new Date(Number(known.at)).toISOString(), data: { id: String(pid) } });
  }
  const topic = await topics.getTopicFields(post.tid, ["cid", "mainPid", "titleRaw"]);
  return ask("POST", "/v1/posts", {
    id: String(pid),
    revision: Number(known.revision),
    body: post.content,
    format: "markdown",
    title: String(topic.mainPid) === String(pid) ? topic.titleRaw : "",
    author: String(post.uid),
    board: String(topic.cid),
    thread: String(post.tid),
    reply_to: post.toPid ? String(post.toPid) : "",
    url: `${nconf.get("url")}/post/${pid}`,
  });
}

async function sendWhatWaits() {
  for (const pid of await db.getSortedSetRange(UNSENT, 0, 99)) {
    const noted = await db.sortedSetScore(UNSENT, pid);
    const answer = await send(pid);
    if (answer.status === 409) continue;
    if (answer.status === 429 || answer.status >= 500) return;
    if (!answer.ok) winston.warn(`[heed] post ${pid} was refused: ${answer.status}`);
    if ((await db.sortedSetScore(UNSENT, pid)) === noted) await db.sortedSetRemove(UNSENT, pid);
  }
}

// Nobody is believed: a callback only says that there is something to ask Heed for.
async function hear(request, response) {
  const pid = request.body?.data?.external_id;
  if (!/^\d+$/.test(pid ?? "") || !(await posts.exists(pid))) return response.sendStatus(204);
  const answer = await ask("GET", `/v1/posts/${pid}`);
  if (!answer.ok) return response.sendStatus(answer.status === 404 ? 204 : 503);
  const { revision, verdict } = await answer.json();
  const known = await db.getObject(`heed:post:${pid}`);
  // Of older words: the newer ones get a verdict of their own.
  if (verdict && revision === Number(known?.revision)) await carryOut(pid, verdict.action);
  response.sendStatus(204);
}

async function carryOut(pid, action) {
  const { deleted, deleterUid } = await posts.getPostFields(pid, ["deleted", "deleterUid"]);
  const hide = ["hold", "remove"].includes(action);
  if (hide && !deleted) await posts.delete(pid, setting("uid"));
  if (!hide && deleted && Number(deleterUid) === Number(setting("uid"))) await posts.restore(pid, setting("uid"));
}

exports.load = async ({ router }) => {
  router.post("/heed", (request, response, next) => hear(request, response).catch(next));
  setInterval(() => sendWhatWaits().catch((error) => winston.warn(`[heed] ${error.message}; tried again`)), WAIT_MS);
};

exports.changed = ({ post }) => note(post.pid, "");
exports.deleted = ({ post, uid }) => noteOfPerson(post.pid, "post.deleted", uid);
exports.restored = ({ post, uid }) => noteOfPerson(post.pid, "post.recovered", uid);
exports.purged = async ({ posts }) => {
  for (const { pid } of posts) await note(pid, "post.deleted");
};
