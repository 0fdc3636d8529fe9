// StackOne's own SDK, unmodified, against Crosscheck: only the server's URL and the key are set.
//
//   CROSSCHECK_URL, CROSSCHECK_API_KEY   the server
//   CROSSCHECK_LIMITED_URL               another one, with the same key, that allows a few requests a minute

import assert from "node:assert/strict";
import { StackOne } from "@stackone/stackone-client-ts";
import * as errors from "@stackone/stackone-client-ts/sdk/models/errors/index.js";
import { call, finish, see } from "../seen.mjs";

const url = process.env.CROSSCHECK_URL;
const key = process.env.CROSSCHECK_API_KEY;

const client = (username = key, serverURL = url) => new StackOne({ serverURL, security: { username, password: "" } });
const stackOne = client();
// The SDK tries 429 and 408 again for an hour if it is let.
const once = { retries: { strategy: "none" } };

const recently = (date) => assert.ok(date instanceof Date && Math.abs(Date.now() - date) < 600_000, `not now: ${date}`);

/** Every entry of a list, with how many pages it came in. */
async function walk(iterator, entries) {
  const all = [];
  let pages = 0;
  for await (const page of iterator) {
    pages += 1;
    all.push(...entries(page));
  }
  return { all, pages };
}

/** The request is refused, by an error of this class. */
async function refused(Kind, status, request) {
  const error = await request().then(
    (answer) => assert.fail(`it was answered: ${JSON.stringify(answer)}`),
    (error) => error,
  );
  assert.ok(error instanceof Kind, `${error.name}, not ${Kind.name}: ${error.message}`);
  assert.equal(error.statusCode, status);
  assert.equal(error.data$.statusCode, status);
  assert.ok(error.data$.message.length > 10, "no message");
  recently(error.data$.timestamp);
  assert.ok(JSON.parse(error.body).errorCode, "no errorCode");
  return error;
}

// What StackOne sets up in its dashboard, and what an ATS does.

await call("POST", "/integrations", { provider: "greenhouse", category: "assessments" }, { status: 201 });
const link = (category, provider = "greenhouse", owner = "cust-7") =>
  call("POST", `/unified/ats/${category}/secrets`,
    { provider, origin_owner_id: owner, origin_owner_name: "Globex" }, { status: 201 });
const customer = await link("assessments");
const checked = await link("background_checks");
const xAccountId = customer.accountId;
const xChecked = checked.accountId;

const packages = Array.from({ length: 260 }, (_, number) => ({
  id: `pkg-${String(number).padStart(3, "0")}`,
  name: `Test ${number}`,
  description: number % 2 ? `The test with the number ${number}` : null,
}));
await call("PUT", "/unified/ats/assessments/packages", { packages });

/** An order as an ATS places it; our id of it. */
async function ordered(customer, test, candidate) {
  const answer = await call("POST", "/external-trigger/greenhouse/send_test", {
    partner_test_id: test,
    candidate: { first_name: candidate, last_name: "Byron", email: `${candidate}@example.org`,
      greenhouse_profile_url: `https://app.greenhouse.io/people/${candidate}` },
    url: `http://127.0.0.1:9/callback/${candidate}`,
  }, { headers: { authorization: `Basic ${btoa(`${customer.secretKey}:`)}` } });
  return answer.partner_interview_id;
}

// Packages.

await see("the paging iterator walks 260 assessment packages by 25", async () => {
  const list = await stackOne.ats.listAssessmentsPackages({ xAccountId, pageSize: "25" });
  const { all, pages } = await walk(list, (page) => page.assessmentPackagePaginated.data);
  assert.deepEqual(all.map((one) => one.id), packages.map((one) => one.id));
  assert.deepEqual(all.map((one) => one.remoteId), packages.map((one) => one.id));
  assert.deepEqual(all.map((one) => one.name), packages.map((one) => one.name));
  assert.deepEqual(all.map((one) => one.description), packages.map((one) => one.description));
  assert.ok(pages === 11 || pages === 12, `${pages} pages`);
});

await see("the default is 25 to a page", async () => {
  const page = await stackOne.ats.listAssessmentsPackages({ xAccountId });
  assert.equal(page.assessmentPackagePaginated.data.length, 25);
  assert.equal(typeof page.assessmentPackagePaginated.next, "string");
});

await see("filter[updated_after] leaves out what is older", async () => {
  const since = (updatedAfter) => stackOne.ats.listAssessmentsPackages({ xAccountId, filter: { updatedAfter } });
  assert.equal((await since(new Date(Date.now() - 3_600_000))).assessmentPackagePaginated.data.length, 25);
  assert.equal((await since(new Date(Date.now() + 3_600_000))).assessmentPackagePaginated.data.length, 0);
});

await see("fields, raw and a parameter for the provider are taken", async () => {
  const page = await stackOne.ats.listAssessmentsPackages({
    xAccountId, fields: "id,name", raw: true, proxy: { anything: "x" }, pageSize: "5" });
  const [first] = page.assessmentPackagePaginated.data;
  assert.equal(first.id, "pkg-000");
  assert.equal(first.name, "Test 0");
  assert.equal(first.remoteId, undefined);
  assert.equal(first.description, undefined);
});

await see("get an assessment package", async () => {
  const { assessmentPackageResult } = await stackOne.ats.getAssessmentsPackage({ id: "pkg-007", xAccountId });
  const { data } = assessmentPackageResult;
  assert.deepEqual([data.id, data.remoteId, data.name, data.description],
    ["pkg-007", "pkg-007", "Test 7", "The test with the number 7"]);
});

const created = await see("create a background-check package", async () => {
  const { createResult, statusCode } = await stackOne.ats.createBackgroundCheckPackage({
    xAccountId: xChecked,
    atsCreateBackgroundCheckPackagesRequestDto: {
      name: "Identity and education",
      description: "Both",
      tests: [{ name: "Identity", description: "Passport" }, { name: "Education" }],
    },
  });
  assert.equal(statusCode, 201);
  assert.equal(createResult.statusCode, 201);
  recently(createResult.timestamp);
  assert.ok(createResult.message);
  assert.ok(createResult.data.id);
  assert.equal(createResult.data.remoteId, createResult.data.id);
  return createResult.data.id;
});

await see("get a background-check package", async () => {
  const { backgroundCheckPackageResult } =
    await stackOne.ats.getBackgroundCheckPackage({ id: created, xAccountId: xChecked });
  const { data } = backgroundCheckPackageResult;
  assert.deepEqual([data.id, data.name, data.description], [created, "Identity and education", "Both"]);
  assert.deepEqual(data.tests.map((test) => test.name), ["Identity", "Education"]);
  assert.equal(data.tests[0].description, "Passport");
});

await see("update a background-check package", async () => {
  const { updateResult } = await stackOne.ats.updateBackgroundCheckPackage({
    id: created,
    xAccountId: xChecked,
    atsUpdateBackgroundCheckPackagesRequestDto: { name: "Identity" },
  });
  assert.equal(updateResult.statusCode, 200);
  recently(updateResult.timestamp);
});

await see("list background-check packages", async () => {
  const list = await stackOne.ats.listBackgroundCheckPackages({ xAccountId: xChecked });
  const { all } = await walk(list, (page) => page.backgroundCheckPackagePaginated.data);
  const one = all.find((one) => one.id === created);
  assert.deepEqual([one.name, one.description, one.tests.length], ["Identity", "Both", 2]);
});

// Orders and results.

await see("order an assessment, and read it as every other order", async () => {
  const { createAssessmentOrderResult } = await stackOne.ats.orderAssessmentsRequest({
    xAccountId,
    atsCreateCandidatesAssessmentsRequestDto: {
      package: { id: "pkg-003" },
      candidate: { id: "c-1", firstName: "Ada", lastName: "Byron", emails: [{ type: "personal", value: "ada@example.org" }] },
      application: { id: "a-1" },
      job: { id: "j-1", title: "Analyst" },
    },
  });
  const order = createAssessmentOrderResult;
  assert.match(order.id, /^ats_ass_/);
  assert.equal(order.remoteId, order.id);
  const { data } = await call("GET", `/unified/ats/assessments/orders/${order.id}`);
  assert.deepEqual(
    [data.package.name, data.candidate.first_name, data.candidate.emails[0].value, data.application.id, data.job.title],
    ["Test 3", "Ada", "ada@example.org", "a-1", "Analyst"]);
  assert.equal(data.account_id, xAccountId);
});

await see("order a background check", async () => {
  const { createBackgroundCheckOrderResult } = await stackOne.ats.orderBackgroundCheckRequest({
    xAccountId: xChecked,
    atsCreateBackgroundCheckOrderRequestDto: {
      package: { id: created },
      candidate: { firstName: "Ada", lastName: "Byron", emails: [{ type: "work", value: "ada@example.org" }] },
    },
  });
  assert.match(createBackgroundCheckOrderResult.id, /^ats_bgc_/);
});

const assessment = await ordered(customer, "pkg-001", "ada");
const check = await ordered(checked, created, "grace");
const report = {
  score: { label: "Total", value: "87", min: "0", max: "100" },
  startDate: new Date("2026-02-03T09:00:00Z"),
  submissionDate: new Date("2026-02-03T10:00:00Z"),
  summary: "Strong on proofs",
  result: { value: "passed", sourceValue: "Passed" },
  resultUrl: "https://vendor.example/r/1",
  attachments: [{ url: "https://vendor.example/r/1.pdf", contentType: { value: "pdf", sourceValue: "application/pdf" } }],
};

await see("report the result of an assessment, of which the ATS sees score and URL", async () => {
  const { updateResult, statusCode } = await stackOne.ats.updateAssessmentsResult({
    id: assessment, xAccountId, atsUpdateCandidatesAssessmentsResultsRequestDto: report });
  assert.deepEqual([statusCode, updateResult.statusCode], [200, 200]);
  recently(updateResult.timestamp);
  const seen = await call("GET", `/external-trigger/greenhouse/test_status?partner_interview_id=${assessment}`, undefined,
    { headers: { authorization: `Basic ${btoa(`${customer.secretKey}:`)}` } });
  assert.deepEqual([seen.partner_status, seen.partner_score, seen.partner_profile_url],
    ["complete", 87, "https://vendor.example/r/1"]);
});

await see("report the result of a background check", async () => {
  const { updateResult } = await stackOne.ats.updateBackgroundCheckResult({
    id: check, xAccountId: xChecked, atsUpdateBackgroundCheckResultRequestDto: report });
  assert.equal(updateResult.statusCode, 200);
});

await see("delete a background-check package", async () => {
  const answer = await stackOne.ats.deleteBackgroundCheckPackage({ id: created, xAccountId: xChecked });
  assert.equal(answer.statusCode, 200);
  assert.ok([200, 204].includes(answer.deleteResult.statusCode));
  recently(answer.deleteResult.timestamp);
  await refused(errors.NotFoundResponse, 404, () =>
    stackOne.ats.getBackgroundCheckPackage({ id: created, xAccountId: xChecked }));
});

// Accounts.

await see("list accounts, and find one by its owner", async () => {
  const other = await link("assessments", "greenhouse", "cust-8");
  const { classes } = await stackOne.accounts.listLinkedAccounts({});
  for (const id of [xAccountId, xChecked, other.accountId]) {
    assert.ok(classes.some((one) => one.id === id), `${id} is missing`);
  }
  const found = await stackOne.accounts.listLinkedAccounts({ originOwnerId: "cust-8", pageSize: 100 });
  assert.deepEqual(found.classes.map((one) => one.id), [other.accountId]);
  const named = await stackOne.accounts.listLinkedAccounts({ accountIds: [xAccountId], providers: ["greenhouse"] });
  assert.deepEqual(named.classes.map((one) => one.id), [xAccountId]);
  const pages = [];
  for (let page = 1; page <= 4; page += 1) {
    pages.push((await stackOne.accounts.listLinkedAccounts({ page, pageSize: 1 })).classes.map((one) => one.id));
  }
  assert.deepEqual(pages.map((page) => page.length), [1, 1, 1, 0]);
  assert.equal(new Set(pages.flat()).size, 3);
});

await see("get an account", async () => {
  const { linkedAccount } = await stackOne.accounts.getAccount({ id: xAccountId });
  assert.deepEqual(
    [linkedAccount.id, linkedAccount.provider, linkedAccount.originOwnerId, linkedAccount.originOwnerName],
    [xAccountId, "greenhouse", "cust-7", "Globex"]);
  assert.equal(typeof linkedAccount.status, "string");
  recently(linkedAccount.createdAt);
  recently(linkedAccount.updatedAt);
});

await see("update an account", async () => {
  const { linkedAccount } = await stackOne.accounts.updateAccount({
    id: xAccountId, patchAccountExternalDto: { originOwnerName: "Globex Corporation" } });
  assert.equal(linkedAccount.originOwnerName, "Globex Corporation");
  assert.equal((await stackOne.accounts.getAccount({ id: xAccountId })).linkedAccount.originOwnerName, "Globex Corporation");
});

await see("get an account's meta", async () => {
  const { linkedAccountMeta } = await stackOne.accounts.getAccountMetaInfo({ id: xAccountId });
  assert.equal(linkedAccountMeta.provider, "greenhouse");
  assert.ok(linkedAccountMeta.category);
  assert.ok(Object.keys(linkedAccountMeta.models).length > 0);
});

await see("delete an account", async () => {
  const { accountId } = await link("assessments", "greenhouse", "cust-9");
  const { linkedAccount } = await stackOne.accounts.deleteAccount({ id: accountId });
  assert.equal(linkedAccount.id, accountId);
  await refused(errors.NotFoundResponse, 404, () => stackOne.accounts.getAccount({ id: accountId }));
});

await see("create and authenticate a connect session", async () => {
  const { connectSessionTokenAuthLink: session } = await stackOne.connectSessions.createConnectSession({
    originOwnerId: "cust-10", originOwnerName: "Initech", provider: "greenhouse", categories: ["ats"] });
  assert.deepEqual([session.originOwnerId, session.originOwnerName, session.provider], ["cust-10", "Initech", "greenhouse"]);
  assert.equal(typeof session.id, "number");
  assert.equal(typeof session.organizationId, "number");
  assert.ok(session.projectId && session.token);
  assert.ok(session.authLinkUrl.startsWith(url), session.authLinkUrl);
  recently(session.createdAt);
  assert.equal((await fetch(session.authLinkUrl)).status, 200);
  const { connectSession, statusCode } = await stackOne.connectSessions.authenticateConnectSession({ token: session.token });
  assert.equal(statusCode, 201);
  assert.deepEqual([connectSession.id, connectSession.originOwnerId], [session.id, "cust-10"]);
});

// Connectors and request logs.

await see("list connector meta, and get one", async () => {
  const { classes } = await stackOne.connectors.listConnectorsMeta({});
  assert.ok(classes.length >= 3);
  const { connectorsMeta: meta } = await stackOne.connectors.getConnectorMeta({ provider: "greenhouse", include: "field_path,resources" });
  assert.deepEqual([meta.provider, meta.providerName], ["greenhouse", "Greenhouse"]);
  const update = meta.models["assessments/results.update"];
  assert.equal(update.apiPath, "/unified/ats/assessments/orders/{id}/result");
  const field = update.input.defaultFields.find((field) => field.name === "result_url");
  assert.ok(field.type);
});

await see("list request logs, and get one", async () => {
  const { unifiedLogsPaginated } = await stackOne.requestLogs.listLogs({ pageSize: 10 });
  assert.equal(unifiedLogsPaginated.data.length, 10);
  assert.equal(typeof unifiedLogsPaginated.next, "string");
  const entry = unifiedLogsPaginated.data.find((entry) => entry.requestId);
  assert.equal(typeof entry.success, "boolean");
  assert.equal(typeof entry.httpMethod, "string");
  assert.equal(typeof entry.status, "number");
  recently(entry.eventDatetime ?? entry.startTime);
  const { unifiedLogResult } = await stackOne.requestLogs.getLog({ id: entry.requestId });
  assert.equal(unifiedLogResult.data.requestId, entry.requestId);
  const orders = await stackOne.requestLogs.listLogs({ filter: { accountIds: xAccountId, success: true }, pageSize: 100 });
  assert.ok(orders.unifiedLogsPaginated.data.every((entry) => entry.accountId === xAccountId && entry.success));
});

// Errors, by their classes.

await see("400 is a BadRequestResponse", () =>
  refused(errors.BadRequestResponse, 400, () => stackOne.ats.listAssessmentsPackages({ xAccountId, pageSize: "many" })));

await see("400 without x-account-id says so", async () => {
  const error = await refused(errors.BadRequestResponse, 400, () => stackOne.ats.listAssessmentsPackages({ xAccountId: "" }));
  assert.match(error.message, /x-account-id/);
});

await see("401 is an UnauthorizedResponse", () =>
  refused(errors.UnauthorizedResponse, 401, () => client("no-such-key-0123456789").accounts.listLinkedAccounts({})));

await see("403 is a ForbiddenResponse", async () => {
  const { key } = await call("POST", "/keys", { name: "reads only", scope: "read" }, { status: 201 });
  const reader = client(key);
  await reader.accounts.getAccount({ id: xAccountId });
  await refused(errors.ForbiddenResponse, 403, () =>
    reader.accounts.updateAccount({ id: xAccountId, patchAccountExternalDto: { originOwnerName: "No" } }));
});

await see("404 is a NotFoundResponse", async () => {
  await refused(errors.NotFoundResponse, 404, () => stackOne.ats.getAssessmentsPackage({ id: "nothing", xAccountId }));
  await refused(errors.NotFoundResponse, 404, () => stackOne.ats.listAssessmentsPackages({ xAccountId: "acc_nobody" }));
});

await see("409 is a ConflictResponse", () =>
  refused(errors.ConflictResponse, 409, () => stackOne.ats.updateAssessmentsResult({
    id: assessment,
    xAccountId,
    atsUpdateCandidatesAssessmentsResultsRequestDto: { ...report, score: { value: "12" } },
  })));

await see("422 is an UnprocessableEntityResponse", async () => {
  const order = await ordered(customer, "pkg-002", "edsger");
  const error = await refused(errors.UnprocessableEntityResponse, 422, () => stackOne.ats.updateAssessmentsResult({
    id: order, xAccountId, atsUpdateCandidatesAssessmentsResultsRequestDto: { result: { value: "passed" } } }));
  assert.deepEqual(JSON.parse(error.body).errors.map((one) => one.pointer), ["/result_url"]);
});

await see("501 is a NotImplementedResponse, for what is no assessment and no check", async () => {
  await refused(errors.NotImplementedResponse, 501, () => stackOne.ats.listJobs({ xAccountId }));
  await refused(errors.NotImplementedResponse, 501, () => stackOne.hris.listEmployees({ xAccountId }));
});

await see("412 is a PreconditionFailedResponse", async () => {
  const integration = await call("POST", "/integrations", { provider: "ashby", category: "assessments" }, { status: 201 });
  const { accountId } = await call("POST", "/unified/ats/assessments/secrets",
    { provider: "ashby", integration_id: integration.id, origin_owner_id: "cust-11", origin_owner_name: "Hooli" },
    { status: 201 });
  await call("PATCH", `/integrations/${integration.id}`, { enabled: false });
  await refused(errors.PreconditionFailedResponse, 412, () => stackOne.ats.listAssessmentsPackages({ xAccountId: accountId }));
});

await see("429 is a TooManyRequestsResponse", async () => {
  const limited = client(key, process.env.CROSSCHECK_LIMITED_URL);
  await refused(errors.TooManyRequestsResponse, 429, async () => {
    for (let request = 0; request < 50; request += 1) await limited.accounts.listLinkedAccounts({}, once);
  });
});

finish();
