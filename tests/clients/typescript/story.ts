// Greenhouse's whole story, told through a client that was generated from openapi/openapi.json: an integration,
// packages, a customer, an order, its webhook, progress, a result, and another result that comes too late.
//
//   CROSSCHECK_URL, CROSSCHECK_API_KEY   the server

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import createClient from "openapi-fetch";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const baseUrl = process.env["CROSSCHECK_URL"] ?? "";
const api = createClient<paths>({
  baseUrl,
  headers: { authorization: `Bearer ${process.env["CROSSCHECK_API_KEY"]}` },
});
const assessments = { category: "assessments" } as const;

/** What was answered, where it was no refusal. */
function good<T>(answer: { data?: T; error?: Schemas["Error"]; response: Response }): T {
  assert.ok(answer.data, `${answer.response.status}: ${answer.error?.errorCode}, ${answer.error?.message}`);
  return answer.data;
}

const seen = (what: string) => console.log(`ok    ${what}`);

// Webhooks come in here, and Greenhouse's callbacks.
const deliveries: { headers: Record<string, string>; body: string }[] = [];
let callbacks = 0;
const receiver = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  if (request.url === "/hooks") {
    deliveries.push({ headers: request.headers as Record<string, string>, body });
  } else {
    callbacks += 1;
  }
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
receiver.listen(0, "127.0.0.1");
await once(receiver, "listening");
const here = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come`);
}

// The vendor sets up.

const webhook = good(await api.POST("/webhooks", {
  body: { url: `${here}/hooks`, events: ["record.new", "record.modified"], categories: ["assessments"] },
}));
const secret = webhook.secret ?? "";
assert.match(secret, /^whsec_/);
seen("an endpoint is added, and its secret is shown once");

const integration = good(await api.POST("/integrations", {
  body: { provider: "greenhouse", category: "assessments", tenant_id: "story-in-typescript" },
  params: { header: { "Idempotency-Key": "typescript-integration" } },
}));
assert.ok(integration.endpoint_urls["send_test"]);
const again = good(await api.POST("/integrations", {
  body: { provider: "greenhouse", category: "assessments", tenant_id: "story-in-typescript" },
  params: { header: { "Idempotency-Key": "typescript-integration" } },
}));
assert.equal(again.id, integration.id);
seen("an integration is made, once for one idempotency key");

const packages: Schemas["PackageList"] = { packages: [{ id: "logic-40", name: "Logic, 40 minutes", type: "SKILLS_TEST" }] };
const stored = good(await api.PUT("/unified/ats/{category}/packages", { params: { path: assessments }, body: packages }));
assert.equal(stored.count, 1);
seen("packages are stored");

const secrets = good(await api.POST("/unified/ats/{category}/secrets", {
  params: { path: assessments },
  body: { provider: "greenhouse", integration_id: integration.id, origin_owner_id: "cust-ts", origin_owner_name: "Globex" },
}));
const customer = { "x-account-id": secrets.accountId };
seen("a customer is linked");

// Greenhouse sends a test.

const ats = (path: string, init: RequestInit = {}) => fetch(`${secrets.baseUrl}/${path}`, {
  ...init, headers: { authorization: `Basic ${btoa(`${secrets.secretKey}:`)}`, "content-type": "application/json" } });
const sent = await ats("send_test", {
  method: "POST",
  body: JSON.stringify({
    partner_test_id: "logic-40",
    candidate: {
      first_name: "Ada", last_name: "Byron", email: "ada@example.org",
      greenhouse_profile_url: "https://app.greenhouse.io/people/17?application_id=42",
    },
    url: `${here}/callback`,
  }),
});
assert.equal(sent.status, 200);
const id = ((await sent.json()) as { partner_interview_id: string }).partner_interview_id;
const order = { params: { path: { ...assessments, id }, header: customer } };

const delivery = await until("the webhook", () => deliveries[0]);
const event = new Webhook(secret).verify(delivery.body, delivery.headers) as Schemas["RecordEvent"];
assert.deepEqual([event.eventType, event.recordId], ["record.new", id]);
assert.equal(event.eventData.candidateAssessment?.candidate.emails[0]?.email, "ada@example.org");
assert.throws(() => new Webhook(secret).verify(delivery.body + " ", delivery.headers), WebhookVerificationError);
seen("record.new arrives, and the official library verifies it");

const { data: shown } = good(await api.GET("/unified/ats/{category}/orders/{id}", order));
const status: "pending" | "started" | "in_progress" | "completed" | "cancelled" | "expired" | "rejected" = shown.status;
assert.deepEqual([status, shown.candidate.first_name, shown.package.name], ["pending", "Ada", "Logic, 40 minutes"]);
seen("the order is read");

// The vendor reports.

const report = (body: Schemas["ResultUpdate"]) => api.PATCH("/unified/ats/{category}/orders/{id}/result", { ...order, body });
const asked = async () => (await (await ats(`test_status?partner_interview_id=${id}`)).json()) as Record<string, unknown>;

good(await report({ result: { value: "in_progress" }, start_date: "2026-02-03T09:00:00Z" }));
assert.notEqual((await asked())["partner_status"], "complete");
seen("progress is reported");

const final: Schemas["ResultUpdate"] = {
  score: { value: 87 }, result: { value: "passed" }, result_url: "https://vendor.example/r/1" };
const reported = good(await report(final));
assert.deepEqual(reported.warnings.map((warning) => warning.pointer).filter((pointer) => pointer === "/score/value"), []);
await until("Greenhouse's callback", () => (callbacks > 0 ? callbacks : undefined));
const told = await asked();
assert.deepEqual([told["partner_status"], told["partner_score"], told["partner_profile_url"]],
  ["complete", 87, "https://vendor.example/r/1"]);
seen("the result arrives at Greenhouse");

good(await report(final));
const late = await report({ ...final, score: { value: 12 } });
const refusal: Schemas["Error"] | undefined = late.error;
assert.deepEqual([late.response.status, refusal?.statusCode, refusal?.errorCode], [409, 409, "result_already_final"]);
seen("the same result again changes nothing, and another one is refused");

const result = good(await api.GET("/unified/ats/{category}/orders/{id}/result", order));
assert.deepEqual([result.data.outcome, result.data.result_url], ["passed", "https://vendor.example/r/1"]);
seen("the result is read");

const events = good(await api.GET("/events", { params: { query: { record_id: id, page_size: 10 } } }));
assert.ok(events.data.some((one) => one.event_type === "record.new"));
seen("events are listed");

receiver.close();
