import { createHmac, timingSafeEqual } from "node:crypto";
import { Unverified } from "./errors.js";

const NOT_SIGNED = "This callback is not signed by the callback secret. Answer 401.";
const NOT_NOW = "This callback is not of this moment. Answer 401, and check that the clock is right.";

/** The signature of Standard Webhooks, `v1,…`. */
export function sign(secret, id, seconds, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.`).update(body).digest("base64")}`;
}

/**
 * The callback, where one of its signatures is by one of the forum's callback secrets and it is of this moment; throws Unverified.
 * `body` is the raw bytes of the request.
 */
export function verifyCallback(secrets, headers, body, { toleranceSeconds = 300, now = Date.now() / 1000 } = {}) {
  const header = (name) => String((typeof headers.get === "function" ? headers.get(name) : headers[name]) ?? "");
  const [id, time] = [header("webhook-id"), header("webhook-timestamp")];
  const sent = header("webhook-signature").split(" ");
  const known = [secrets].flat().filter(Boolean);
  if (!id || !known.some((secret) => sent.some((each) => same(each, sign(secret, id, time, body))))) {
    throw new Unverified(NOT_SIGNED);
  }
  if (!/^\d+$/.test(time) || Math.abs(now - Number(time)) > toleranceSeconds) throw new Unverified(NOT_NOW);
  return JSON.parse(body.toString());
}

function same(one, other) {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
