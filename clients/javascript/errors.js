/** What can go wrong; each says in words what to do next. No message holds a post's text or a secret. */
export class HeedError extends Error {
  /** Whether the same request may succeed later. */
  again = false;

  constructor(message) {
    super(message);
    this.name = this.constructor.name;
  }
}

/** No answer: send it again later. */
export class Unreachable extends HeedError {
  again = true;
}

/** A callback that Heed did not send, or an old one: answer 401. */
export class Unverified extends HeedError {}

/** Heed answered, and did not do it. `detail` is its own sentence, `field` the member to mend, `retryAfter` in seconds. */
export class Refused extends HeedError {
  constructor(status, detail, field = "", retryAfter = null) {
    super(`${detail} (${status})`);
    Object.assign(this, { status, detail, field, retryAfter });
  }
}

export class Unauthorized extends Refused {}
export class NotFound extends Refused {}
export class Conflict extends Refused {}
export class TooLarge extends Refused {}
export class Invalid extends Refused {}

export class TooMany extends Refused {
  again = true;
}

export class Unavailable extends Refused {
  again = true;
}

const KINDS = { 401: Unauthorized, 404: NotFound, 409: Conflict, 413: TooLarge, 422: Invalid, 429: TooMany };
const NOT_HEED = "This is no answer of Heed's. Check its address, and what stands before it.";

/** The error for an answer that is none of success; `problem` is its JSON, or null. */
export function refusal(response, problem) {
  const Kind = KINDS[response.status] ?? (response.status >= 500 ? Unavailable : Refused);
  const after = response.headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(after) ? Number(after) : null;
  return new Kind(response.status, problem?.detail ?? NOT_HEED, problem?.field ?? "", seconds);
}
