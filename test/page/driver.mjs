// Chromium for the page tests: one command a line on stdin, one answer a line on stdout, in order.
// {"do": "open", "url"} -> {"value"} or {"error"}; what pages complain about is kept for "complaints".
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DEADLINE = 20000;

// As root, in a container or not, Chromium's own sandbox cannot be had; it sees our pages only.
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const pages = new Map();
let next = 1;

function watch(page, complaints) {
  page.setDefaultTimeout(DEADLINE);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
}

const VERBS = {
  async open({ url, width = 1440, height = 900, scheme = "dark", motion = "no-preference" }) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: motion });
    const page = await context.newPage();
    const complaints = [];
    watch(page, complaints);
    const id = next++;
    pages.set(id, { page, complaints });
    await page.goto(url);
    return id;
  },
  // Until the expression is true. Playwright's own wait evaluates in the page, which its policy forbids.
  async wait({ page }, { expression, deadline = DEADLINE }) {
    for (const end = Date.now() + deadline; Date.now() < end; await setTimeout(20)) {
      if (await page.evaluate(expression)) return true;
    }
    throw new Error(`waited ${deadline} ms`);
  },
  evaluate: ({ page }, { expression }) => page.evaluate(expression),
  press: ({ page }, { key }) => page.keyboard.press(key),
  type: ({ page }, { selector, text }) => page.fill(selector, text),
  choose: ({ page }, { selector, value }) => page.selectOption(selector, value),
  click: ({ page }, { selector }) => page.click(selector),
  resize: ({ page }, { width, height }) => page.setViewportSize({ width, height }),
  look: ({ page }, { path, whole = true }) => page.screenshot({ path, fullPage: whole }).then(() => path),
  complaints: ({ complaints }) => complaints.splice(0),
  // The page's own policy lets no foreign script in: the checker gets in as the debugger does.
  async axe({ page }) {
    const session = await page.context().newCDPSession(page);
    await session.send("Runtime.evaluate", { expression: AXE });
    const answer = await session.send("Runtime.evaluate", { expression: "axe.run().then((found) => found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`))", awaitPromise: true, returnByValue: true });
    await session.detach();
    return answer.result.value;
  },
  async close({ page }) {
    await page.context().close();
    return true;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: verb, on, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { value: on ? await VERBS[verb](pages.get(on), rest) : await VERBS[verb](rest) };
  } catch (error) {
    answer = { error: String(error.message || error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
