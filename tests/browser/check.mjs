// Opens what people look at in Chromium, at the width of a phone and of a desk, light and
// dark: the reports of a run, an export, a plan, an undo and a check, and the sandbox's pages. Fails where a page logs an error, asks
// another address than its own, is wider than its window, or has a serious fault by axe-core;
// and where the keyboard alone doesn't find a refused row, open a ticket, or set a trouble.
//
//     node check.mjs target/debug/tickethaul [folder for screenshots]

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [360, 1280];
const SCHEMES = ["light", "dark"];
const PAGES = [
  "/",
  "/?archived=yes",
  "/pages/board",
  "/pages/contacts",
  "/pages/companies",
  "/pages/owners",
  "/pages/properties",
  "/pages/calls",
  "/pages/calls/1",
  "/pages/behaviour",
];

const tickethaul = resolve(process.argv[2]);
const pictures = process.argv[3];
const folder = mkdtempSync(join(tmpdir(), "browser-"));
const faults = [];
let looked = 0;

function fault(where, words) {
  faults.push(`${where}: ${words}`);
}

const SAMPLE = ["samples/zendesk-tickets.csv", "-m", "mappings/zendesk.toml"];

// Runs a command in the sandbox of this folder.
function run(args, status) {
  const portal = ["--portal", "sandbox", "--sandbox-data", join(folder, "portal")];
  const ended = spawnSync(tickethaul, [...args, ...portal], { encoding: "utf8" });
  if (ended.status !== status) throw new Error(`${args[0]} ended with ${ended.status}: ${ended.stderr}`);
}

// Each kind of report, by its name; the tickets are in the sandbox then.
function makeReports() {
  const to = (name) => join(folder, name);
  run(["check", ...SAMPLE, "--report", to("check.html")], 4);
  run(["import", ...SAMPLE, "--run-dir", to("run")], 3);
  run(["export", "--all-properties", "-o", to("tickets.csv"), "--run-dir", to("export")], 0);
  run(["plan", ...SAMPLE, "--op", "upsert", "-o", to("plan")], 0);
  run(["import", "samples/jira-tickets.csv", "-m", "jira", "--create-properties", "--run-dir", to("other")], 3);
  run(["undo", to("other"), "--yes", "--run-dir", to("undo"), "--horizon", "0.5"], 0);
  const made = ["run", "export", "plan", "undo"].map((name) => [name, to(`${name}/report.html`)]);
  return [...made, ["check", to("check.html")]].map(([name, path]) => [name, pathToFileURL(path).href]);
}

// The sandbox with what was imported: the address of its pages, with their key.
async function serve() {
  const state = join(folder, "portal", "sandbox.db");
  const sandbox = spawn(tickethaul, ["sandbox", "--port", "0", "--data", state], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface({ input: sandbox.stderr })) {
    const found = line.match(/http:\S+key=\S+/);
    if (found) return { sandbox, address: found[0] };
  }
  throw new Error("the sandbox told no address of its pages");
}

async function opened(browser, width, scheme) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 800 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const where = () => `${page.url()} at ${width} px, ${scheme}`;
  page.on("console", (said) => {
    if (said.type() === "error") fault(where(), `console: ${said.text()}`);
  });
  page.on("pageerror", (error) => fault(where(), `script: ${error.message}`));
  return page;
}

// Notes every request that leaves for another address.
function keepTo(page, own) {
  page.on("request", (request) => {
    if (!request.url().startsWith(own)) fault(page.url(), `asks ${request.url()}`);
  });
}

async function look(page, name) {
  looked += 1;
  const where = `${name} (${page.url()})`;
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await window.axe.run()).violations);
  for (const { id, impact, help, nodes } of found) {
    if (!["serious", "critical"].includes(impact)) continue;
    fault(where, `${impact}: ${help} (${id}), ${nodes[0].html}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) fault(where, `${wide} px wider than its window`);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function lookAtAll(browser, width, scheme, address, reports) {
  const name = (path) => `${path.replaceAll(/\W+/g, " ").trim().replaceAll(" ", "-") || "tickets"}-${width}-${scheme}`;
  for (const [kind, report] of reports) {
    const page = await opened(browser, width, scheme);
    keepTo(page, report);
    await page.goto(report);
    await look(page, name(`report of ${kind}`));
    await page.close();
  }
  const pages = await opened(browser, width, scheme);
  const origin = new URL(address).origin;
  keepTo(pages, origin);
  await pages.goto(address);
  const ticket = await pages.$eval("tbody a", (link) => link.getAttribute("href"));
  for (const path of [...PAGES, ticket]) {
    const answer = await pages.goto(origin + path);
    if (!answer.ok()) fault(path, `answers ${answer.status()}`);
    await look(pages, name(path));
  }
  await pages.close();
}

// Presses Tab until what has the focus is what is wanted.
async function tabTo(page, wanted, what) {
  for (let presses = 0; presses < 400; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(wanted)) return true;
  }
  fault(page.url(), `the keyboard doesn't reach ${what}`);
  return false;
}

async function byKeyboard(browser, address, report) {
  const page = await opened(browser, 1280, "light");
  await page.goto(report);
  if (await tabTo(page, () => document.activeElement.matches("details:not([open]) summary"), "a reason")) {
    await page.keyboard.press("Enter");
    const row = await page.evaluate(() => document.activeElement.parentElement.querySelector("tbody tr")?.innerText);
    if (!row) fault(report, "a reason shows no refused row");
  }
  await page.goto(address);
  await page.goto(address);
  if (await tabTo(page, () => document.activeElement.matches("tbody a"), "a ticket")) {
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    const subject = await page.$eval("h1", (title) => title.innerText);
    if (!page.url().includes("/pages/tickets/") || !subject) fault(page.url(), "is no ticket");
  }
  await page.goto(new URL("/pages/behaviour", address).href);
  if (await tabTo(page, () => document.activeElement.id === "trouble", "the field for a trouble")) {
    await page.keyboard.type("500@3:tickets");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    const planned = await page.$eval("main", (main) => main.innerText);
    if (!planned.includes("500@3:tickets")) fault(page.url(), "doesn't show the trouble that was set");
  }
  await page.close();
}

const reports = makeReports();
const { sandbox, address } = await serve();
// A call for the list of calls: one without a token.
await fetch(new URL("/crm/v3/objects/tickets", address));
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) await lookAtAll(browser, width, scheme, address, reports);
  }
  await byKeyboard(browser, address, reports[0][1]);
} finally {
  await browser.close();
  sandbox.kill();
  rmSync(folder, { recursive: true });
}
for (const words of new Set(faults)) console.error(words);
console.log(`${looked} looks at pages, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
