import { randomUUID } from "node:crypto";
import { sign } from "./callbacks.js";
import { HeedError, refusal, Unreachable } from "./errors.js";

export { verifyCallback } from "./callbacks.js";
export * from "./errors.js";

const NO_KEY = "Only the API key may do this. Make the client with `apiKey`, which `heed forum add` printed.";
const NO_CREDENTIALS = "Give `apiKey`, or `forum` and `webhookSecret`, or all of them; `heed forum add` printed them.";

/** A Heed at `url`, to which this program is the forum of these credentials. */
export class Heed {
  #url;
  #key;
  #forum;
  #secret;
  #timeout;

  constructor(url, { apiKey = "", forum = "", webhookSecret = "", timeoutSeconds = 30 } = {}) {
    if (!apiKey && !(forum && webhookSecret)) throw new TypeError(NO_CREDENTIALS);
    this.#url = url.replace(/\/+$/, "");
    this.#key = apiKey;
    this.#forum = forum;
    this.#secret = forum ? webhookSecret : "";
    this.#timeout = timeoutSeconds;
  }

  /** Send a new post, or an edit of it with a higher `revision`; with `wait` the verdict may be in the answer. */
  submit(post, { wait = 0 } = {}) {
    return this.#send(wait ? `/v1/posts?wait=${wait}` : "/v1/posts", post, wait);
  }

  /** The post was deleted on the forum. */
  deleted(id, at = new Date()) {
    return this.#event("post.deleted", id, at);
  }

  /** The post is back on the forum: it is read again. */
  recovered(id, at = new Date()) {
    return this.#event("post.recovered", id, at);
  }

  /** Erase every word of the post; the receipt is its `erasure`. */
  erase(id, at = new Date()) {
    return this.#event("post.erased", id, at);
  }

  /** Erase everything by an author. While `state` is `under_way`, ask for the receipt again. */
  eraseAuthor(author) {
    return this.#ask("DELETE", `/v1/authors/${encodeURIComponent(author)}`);
  }

  /** The receipt of an erasure. */
  erasure(id) {
    return this.#ask("GET", `/v1/erasures/${encodeURIComponent(id)}`);
  }

  /** Where a post stands, by Heed's id or the forum's own. */
  standing(id) {
    return this.#ask("GET", `/v1/posts/${encodeURIComponent(id)}`);
  }

  /** The post's author sees the verdict otherwise; `appealId` is the forum's own id of that. */
  appeal(id, appealId, text = "") {
    return this.#send(`/v1/posts/${encodeURIComponent(id)}/appeals`, { id: appealId, text });
  }

  /** The author no longer appeals; one that is settled stays so. */
  withdrawAppeal(id, appealId) {
    return this.#ask("DELETE", `/v1/posts/${encodeURIComponent(id)}/appeals/${encodeURIComponent(appealId)}`);
  }

  #event(type, id, at) {
    return this.#send("/v1/events", { type, timestamp: at.toISOString(), data: { id } });
  }

  #send(path, document, wait = 0) {
    const body = JSON.stringify(document);
    const proof = this.#secret ? this.#signature(body) : this.#bearer();
    return this.#request("POST", path, { "content-type": "application/json", ...proof }, body, wait);
  }

  async #ask(method, path) {
    if (!this.#key) throw new HeedError(NO_KEY);
    return this.#request(method, path, this.#bearer());
  }

  #bearer() {
    return { authorization: `Bearer ${this.#key}` };
  }

  #signature(body) {
    const [id, seconds] = [`msg_${randomUUID()}`, Math.floor(Date.now() / 1000)];
    return {
      "x-heed-forum": this.#forum,
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": sign(this.#secret, id, seconds, body),
    };
  }

  async #request(method, path, headers, body, wait = 0) {
    const signal = AbortSignal.timeout((this.#timeout + wait) * 1000);
    let response, answer;
    try {
      response = await fetch(this.#url + path, { method, headers, body, signal, redirect: "manual" });
      answer = await response.json().catch((error) => (error instanceof SyntaxError ? null : Promise.reject(error)));
    } catch (error) {
      throw new Unreachable(`Heed does not answer (${error.cause?.code ?? error.name}). Send it again later.`);
    }
    if (!response.ok || answer === null) throw refusal(response, answer);
    return answer;
  }
}
