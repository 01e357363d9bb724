// What a forum does with the JavaScript client; prints what came of it. story.py is the same in Python.
import { text } from "node:stream/consumers";
import { Heed, HeedError, verifyCallback } from "heed-client";

const given = JSON.parse(await text(process.stdin));
const told = {};

async function failure(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof HeedError)) throw error;
    return [error.name, error.field ?? "", error.again, error.retryAfter ?? null];
  }
}

const keyed = new Heed(given.url, { apiKey: given.key });
const signed = new Heed(`${given.url}/`, { forum: given.forum, webhookSecret: given.secret });
const stranger = new Heed(given.url, { apiKey: "heed_wrong" });
const nowhere = new Heed(given.nowhere, { apiKey: "heed_any" });

const first = await keyed.submit({ id: "js 1/ä", body: given.unsafe, board: "diabetes", author: "lo/ä" }, { wait: 20 });
told.first = [first.status, first.verdict.action];
const edited = await signed.submit({ id: "js 1/ä", body: given.harmless, revision: 2, author: "lo/ä" }, { wait: 20 });
told.edited = [edited.revision, edited.verdict.action];
told.standing = (await keyed.standing("js 1/ä")).verdict.id === edited.verdict.id;
told.deleted = (await signed.deleted("js 1/ä")).status;
told.recovered = (await keyed.recovered("js 1/ä")).status !== "deleted";
await keyed.submit({ id: "js 2", body: given.unsafe, author: "kai" }, { wait: 20 });
told.appeal = (await signed.appeal("js 2", "a-1", "I meant it well.")).state;
told.withdrawn = (await keyed.withdrawAppeal("js 2", "a-1")).state;
told.erased = (await keyed.erase("js 2")).erasure.of;
const receipt = await keyed.eraseAuthor("lo/ä");
told.author = [receipt.of, receipt.posts, (await keyed.erasure(receipt.id)).id === receipt.id];
told.failures = [
  await failure(() => keyed.standing("unknown")),
  await failure(() => stranger.submit({ id: "js 3", body: "words" })),
  await failure(() => keyed.submit({ id: "js 4", body: "words", format: "rtf" })),
  await failure(() => signed.standing("js 1/ä")),
  await failure(() => nowhere.submit({ id: "js 5", body: "words" })),
  await failure(async () => {
    for (const body of ["one", "two"]) await keyed.submit({ id: "js 6", body });
  }),
];
const busy = new Heed(given.url, { apiKey: given.busy });
told.busy = await failure(async () => {
  for (let n = 0; n < 50; n++) await busy.submit({ id: `js ${n}`, body: "words" });
});
told.callbacks = given.callbacks.map(({ secrets, headers, body }) => {
  try {
    return verifyCallback(secrets, headers, Buffer.from(body)).data.action;
  } catch (error) {
    return error.name;
  }
});
console.log(JSON.stringify(told));
