// A vendor of assessments in forty lines: it offers a test, gets told of each order, and reports a result.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const crosscheck = process.env.CROSSCHECK_URL ?? "http://127.0.0.1:8080";
const key = process.env.CROSSCHECK_API_KEY;
const port = Number(process.env.PORT ?? 9000);

/** A call of Crosscheck's API. */
async function call(method: string, path: string, body: object): Promise<any> {
  const response = await fetch(crosscheck + path, {
    method, headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.errorCode}: ${answer.message}`);
  return answer;
}

await call("PUT", "/unified/ats/assessments/packages", { packages: [{ id: "logic-40", name: "Logic, 40 minutes" }] });
const { secret } = await call("POST", "/webhooks", { url: `http://127.0.0.1:${port}/`, events: ["record.new"] });
const webhook = new Webhook(secret);

createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  let event: any;
  try {
    event = webhook.verify(Buffer.concat(chunks).toString(), request.headers as Record<string, string>);
  } catch {
    return response.writeHead(401).end();
  }
  response.end(); // At once: what takes long comes after the answer.
  const { id, candidate, assessmentPackage } = event.eventData.candidateAssessment;
  console.log(`${candidate.firstName} is to take ${assessmentPackage.name}: order ${id}`);
  await call("PATCH", `/unified/ats/assessments/orders/${id}/result`, {
    result: { value: "passed" }, score: { value: 87 }, result_url: `https://vendor.example/results/${id}` });
  console.log(`reported the result of ${id}`);
}).listen(port, "127.0.0.1", () => console.log(`a vendor on port ${port}`));
