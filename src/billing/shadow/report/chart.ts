/**
 * Bars as inline SVG that need no script: every bar has its label and value in words above it, the drawing has a title
 * and a description, and widths are in percent, so that type keeps its size on a phone and on paper.
 */
import { escapeHtml } from "../../../base/html.ts"

export interface Bar {
  readonly label: string
  /** Length in any unit, zero or more; all bars of a chart have the same. */
  readonly value: bigint
  /** The value as printed. */
  readonly text: string
  /** A second, paler length drawn behind: 90th percentile behind a median. */
  readonly behind?: bigint
}

export interface Chart {
  /** Unique on its page; letters and hyphens. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly bars: readonly Bar[]
}

const step = 46

/** The chart, or the empty text when it has no bars. */
export function barChart({ id, title, description, bars }: Chart): string {
  if (bars.length === 0) return ""
  const most = bars.reduce((max, { value, behind = 0n }) => larger(max, larger(value, behind)), 1n)
  const width = (value: bigint) => {
    const tenths = (value * 1000n) / most
    return `${tenths / 10n}.${tenths % 10n}%`
  }
  const rows = bars.map(({ label, value, text, behind }, index) => {
    const y = index * step
    const pale =
      behind === undefined ? "" : `<rect class="pale" x="0" y="${y + 22}" width="${width(behind)}" height="14"/>`
    return (
      `<text x="0" y="${y + 15}">${escapeHtml(label)}</text>` +
      `<text class="value" x="100%" y="${y + 15}">${escapeHtml(text)}</text>` +
      `<rect class="ground" x="0" y="${y + 22}" width="100%" height="14"/>${pale}` +
      `<rect class="bar" x="0" y="${y + 22}" width="${width(value)}" height="14"/>`
    )
  })
  return (
    `<svg role="img" aria-labelledby="${id}-title ${id}-desc" width="100%" height="${bars.length * step}">` +
    `<title id="${id}-title">${escapeHtml(title)}</title><desc id="${id}-desc">${escapeHtml(description)}</desc>` +
    `${rows.join("")}</svg>`
  )
}

const larger = (a: bigint, b: bigint) => (a > b ? a : b)
