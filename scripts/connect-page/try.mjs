// What scripts/try-connect-page.sh runs: SERVER KEY CHROMIUM [PICTURES].
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const [server, key, chromium, pictures] = process.argv.slice(2);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const VIEWS = [
  { name: "390-light", width: 390, height: 844, scheme: "light" },
  { name: "390-dark", width: 390, height: 844, scheme: "dark" },
  { name: "1280-light", width: 1280, height: 900, scheme: "light" },
  { name: "1280-dark", width: 1280, height: 900, scheme: "dark" },
];

// A name may be long, in any script, and hostile.
const CUSTOMER = "Müller & Söhne <b>Personal­vermittlungs­gesellschaft</b> ∙ 株式会社グローベックス";

const authorization = `Basic ${Buffer.from(`${key}:`).toString("base64")}`;

async function call(method, path, body) {
  const answer = await fetch(server + path, {
    method,
    headers: { authorization, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

function session(more) {
  return call("POST", "/connect_sessions", {
    origin_owner_id: "cust-7",
    origin_owner_name: CUSTOMER,
    categories: ["assessments"],
    ...more,
  });
}

const browser = await puppeteer.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
await browser.defaultBrowserContext().overridePermissions(server, ["clipboard-read", "clipboard-write"]);

let looked = 0;

// What was answered with an error on purpose is said on the console by the browser itself.
async function openPage(script = true) {
  const page = await browser.newPage();
  await page.setBypassCSP(false);
  await page.setJavaScriptEnabled(script);
  page.on("console", (message) => {
    if (!message.text().startsWith("Failed to load resource: the server responded with a status of 4")) {
      assert.fail(`the console says: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => assert.fail(`a script fails: ${error}`));
  return page;
}

// axe runs through the protocol, in a world of its own, so that the page's own policy stays as it is.
async function violations(page) {
  const frame = page.mainFrame();
  await frame.isolatedRealm().evaluate(axe + ";0");
  return frame.isolatedRealm().evaluate(
    `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
      .then((found) => found.violations.map((one) => one.id + ": " + one.help + " at "
        + one.nodes.map((node) => node.target.join(" ") + " (" + node.failureSummary + ")").join("; ")))`,
  );
}

async function look(page, state) {
  for (const view of VIEWS) {
    await page.setViewport({ width: view.width, height: view.height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
    const found = await violations(page);
    assert.deepEqual(found, [], `${state}, ${view.name}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= view.width, `${state}, ${view.name}: ${width} pixels wide`);
    if (pictures) {
      await mkdir(pictures, { recursive: true });
      await page.screenshot({ path: `${pictures}/${state}-${view.name}.png`, fullPage: true });
    }
    looked += 1;
  }
}

async function press(page, selector) {
  await Promise.all([page.waitForNavigation(), page.click(selector)]);
}

try {
  const page = await openPage();

  // The customer chooses, reads, copies and says that it is done.
  const open = await session();
  assert.equal(open.account_id, null);
  await page.goto(open.auth_link_url);
  await look(page, "choose");
  await press(page, "button.primary");
  await look(page, "choose-mistake");
  await page.click("input[type=radio]");
  await press(page, "button.primary");
  await look(page, "chosen");
  assert.ok((await page.$eval("h1", (one) => one.textContent)).startsWith("Connect "));

  for (const meta of await call("GET", "/connectors/meta")) {
    const name = meta.provider;
    const made = await session({ provider: name });
    await page.goto(made.auth_link_url);
    await look(page, name);
    const shown = await page.$eval("#trigger-token", (one) => one.textContent);
    assert.equal(shown, made.external_trigger_token);
    await page.click("button[data-copy=trigger-token]");
    await page.waitForFunction(() => document.getElementById("said").textContent === "Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shown);
    await look(page, `${name}-copied`);

    const fields = meta.credential_fields.filter((field) => field.holder === "customer");
    if (fields.length > 0) {
      await press(page, "button.primary");
      await look(page, `${name}-mistake`);
      for (const field of fields) await page.type(`#field-${field.name}`, "tried-in-a-browser-0001");
    }
    await press(page, "button.primary");
    assert.ok(await page.$(".taken"), "it says that it is saved");
    await look(page, `${name}-done`);
    const account = await call("GET", `/accounts/${made.account_id}`);
    assert.equal(account.setup_information.status, "completed");
  }

  // Without a script all but the button works.
  const plain = await openPage(false);
  const alone = await session();
  await plain.goto(alone.auth_link_url);
  await plain.click("input[type=radio]");
  await press(plain, "button.primary");
  assert.equal(await plain.$eval("button[data-copy]", (one) => one.hidden), true);
  await press(plain, "button.primary");
  assert.ok(await plain.$(".taken"));
  await plain.close();

  const gone = await session({ expires_in: 1 });
  await new Promise((done) => setTimeout(done, 1100));
  await page.goto(gone.auth_link_url);
  await look(page, "expired");
  await page.goto(`${server}/connect/cs_nowhere`);
  await look(page, "unknown");
  console.log(`the connect page: ${looked} views, no violation`);
} finally {
  await browser.close();
}
