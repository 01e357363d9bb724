export type Action = "allow" | "flag" | "hold" | "escalate" | "remove" | "redact";
export type Severity = "none" | "medium" | "high" | "critical";
export type NotChecked = "empty" | "language" | "failed";

export interface Label {
  area: string;
  label: string;
  score: number;
  flagged: boolean;
  severity: Severity;
  evidence: [number, number] | null;
}

/** `start` and `end` count Unicode code points: use `[...body].slice(start, end).join("")`. */
export interface Span {
  area: string;
  type: string;
  start: number;
  end: number;
  score: number;
  source: string;
  in?: "title";
}

export interface Dose {
  amount: number;
  unit: "mg" | "mcg" | "g" | "units";
  per: "dose" | "day" | "week";
}

/** What is published about a medicine that a post gives advice on. */
export interface Fact {
  kind: "dose" | "sudden_stop";
  medicine: string;
  start: number;
  end: number;
  source: { title: string; url: string; date: string };
  said?: Dose;
  maximum?: Dose & { route: string; who: string };
  why?: string;
}

export interface Reason {
  area: string;
  label: string;
  severity: Severity;
  score: number;
  why: string;
  start: number | null;
  end: number | null;
  in?: "title";
  facts?: Fact[];
}

export interface CrisisResource {
  name: string;
  contact: string;
  url: string;
}

export interface Judgement {
  action: Action;
  severity: Severity;
  checked: boolean;
  not_checked: NotChecked | null;
  labels: Label[];
  spans: Span[];
  reasons: Reason[];
  crisis_resources: CrisisResource[];
  removed_for: string;
  message: string;
  policy_version: string;
  models: Record<string, string>;
}

export interface Verdict extends Judgement {
  id: string;
  language: string;
  redacted: string | null;
  redacted_title: string | null;
  decided_by: "models" | "moderator";
  decided_at: string;
}

export interface Appeal {
  id: string;
  external_id: string;
  state: "open" | "upheld" | "granted" | "withdrawn";
  created_at: string;
  settled_at: string | null;
}

export interface Erasure {
  id: string;
  of: "post" | "author";
  post_id: string | null;
  state: "under_way" | "done";
  posts: number;
  erased: Record<string, number>;
  requested_at: string;
  finished_at: string | null;
}

/** Where a post stands; `verdict` is there once it is read. */
export interface Standing {
  id: string;
  external_id: string;
  revision: number;
  status: "pending" | "done" | "deleted";
  verdict: Verdict | null;
  appeal: Appeal | null;
  erasure: Erasure | null;
  verdict_url?: string;
}

export interface Submission {
  id: string;
  body: string;
  revision?: number;
  board?: string;
  title?: string;
  format?: "plain" | "markdown" | "bbcode" | "html";
  parent?: string;
  thread?: string;
  reply_to?: string;
  author?: string;
  language?: string;
  created_at?: string | null;
  priority?: "normal" | "low";
  url?: string;
}

export interface Told {
  forum: string;
  post_id: string;
  external_id: string;
  revision: number;
}

export interface VerdictCallback {
  type: "post.verdict" | "post.decision";
  timestamp: string;
  data: Told &
    Judgement & {
      verdict_id: string;
      decided_by: "models" | "moderator";
      body?: string;
      title?: string;
      appeal?: { id: string; external_id: string; outcome: "open" | "upheld" | "granted" };
    };
}

export interface CareCallback {
  type: "post.care";
  timestamp: string;
  data: Told & { message: string; crisis_resources: CrisisResource[] };
}

export type Callback = VerdictCallback | CareCallback;

export interface Credentials {
  apiKey?: string;
  forum?: string;
  webhookSecret?: string;
  timeoutSeconds?: number;
}

export class Heed {
  constructor(url: string, credentials: Credentials);
  submit(post: Submission, options?: { wait?: number }): Promise<Standing>;
  deleted(id: string, at?: Date): Promise<Standing>;
  recovered(id: string, at?: Date): Promise<Standing>;
  erase(id: string, at?: Date): Promise<Standing>;
  eraseAuthor(author: string): Promise<Erasure>;
  erasure(id: string): Promise<Erasure>;
  standing(id: string): Promise<Standing>;
  appeal(id: string, appealId: string, text?: string): Promise<Appeal>;
  withdrawAppeal(id: string, appealId: string): Promise<Appeal>;
}

export function verifyCallback(
  secrets: string | string[],
  headers: Headers | Record<string, string | string[] | undefined>,
  body: Uint8Array,
  options?: { toleranceSeconds?: number; now?: number },
): Callback;

export class HeedError extends Error {
  again: boolean;
}
export class Unreachable extends HeedError {}
export class Unverified extends HeedError {}
export class Refused extends HeedError {
  status: number;
  detail: string;
  field: string;
  retryAfter: number | null;
}
export class Unauthorized extends Refused {}
export class NotFound extends Refused {}
export class Conflict extends Refused {}
export class TooLarge extends Refused {}
export class Invalid extends Refused {}
export class TooMany extends Refused {}
export class Unavailable extends Refused {}
