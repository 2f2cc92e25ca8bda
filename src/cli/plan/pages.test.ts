/** The summary of every published plan on paper: printed by a browser to PDF, it takes two pages at most. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { summary } from "../../plan/booklet/summary.ts"
import { publishedPlans } from "../../plan/check/published-plans.test.ts"

const isLong = process.env["COUNTERSIGN_LONG"] !== undefined

/** The first browser that is installed here. */
function browserHere(): string | undefined {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" })
      return name
    } catch {}
  }
  return undefined
}

function pagesOf(browser: string, html: string, folder: string): number {
  const [page, pdf] = [join(folder, "page.html"), join(folder, "page.pdf")]
  writeFileSync(page, html)
  const print = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", `--print-to-pdf=${pdf}`]
  execFileSync(browser, [...print, `file://${page}`], { stdio: "ignore", timeout: 60_000 })
  return readFileSync(pdf, "latin1").match(/\/Type \/Page\b/g)?.length ?? 0
}

test("a summary fits two sheets of A4 and of Letter", (t) => {
  if (!isLong) return t.skip("prints with a browser: npm run test:long")
  const browser = browserHere()
  if (browser === undefined) return t.skip("no browser is installed")
  const folder = mkdtempSync(join(tmpdir(), "countersign-pages-"))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const { name, plan, cases } of publishedPlans) {
    const html = summary(plan, cases, plan.front.effective.from, "html")
    for (const size of ["A4", "Letter"]) {
      const pages = pagesOf(browser, html.replace("@page { ", `@page { size: ${size}; `), folder)
      t.diagnostic(`${name}, ${size}: ${pages}`)
      assert.ok(pages >= 1 && pages <= 2, `${name} takes ${pages} pages of ${size}`)
    }
  }
})
