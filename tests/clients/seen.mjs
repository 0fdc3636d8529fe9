// One line for each thing that was seen to work. What fails is told at once, and the program ends with 1.

import assert from "node:assert/strict";

let failed = 0;

/** Runs one step; a later one may need what it answers. */
export async function see(what, step) {
  try {
    const answer = await step();
    console.log(`ok    ${what}`);
    return answer;
  } catch (error) {
    failed += 1;
    console.error(`FAIL  ${what}\n${error?.stack ?? error}`);
    return undefined;
  }
}

/** The end of a program. */
export function finish() {
  if (failed > 0) {
    console.error(`${failed} of these failed`);
    process.exitCode = 1;
  }
}

/** A call as curl would make it, for what StackOne's API has no operation for. */
export async function call(method, path, body, { status = 200, key = process.env.CROSSCHECK_API_KEY, headers = {} } = {}) {
  const response = await fetch(process.env.CROSSCHECK_URL + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, status, `${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}
