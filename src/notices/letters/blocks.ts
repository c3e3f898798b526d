/** What a letter is made of, and how it becomes text and HTML: one source for both. Pure. Every value is escaped here, and nowhere else. */
import { escapeHtml } from '../../base/html.ts'

export type Block =
  | { readonly paragraph: string }
  /** a link of ours; it stands whole in the text */
  | { readonly link: string; readonly label: string }
  | { readonly rows: readonly (readonly [name: string, value: string])[] }

export const paragraph = (...sentences: (string | null)[]): Block => ({
  paragraph: sentences.filter((one) => one !== null).join(' '),
})

/** What people write may hold line breaks and control characters; a line stays a line. */
export const inLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()

const WIDTH = 76

function wrap(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of inLine(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

function blockText(block: Block): string {
  if ('paragraph' in block) return wrap(block.paragraph)
  if ('link' in block) return `${block.label}:\n${block.link}`
  return block.rows.map(([name, value]) => `  ${name}: ${inLine(value)}`).join('\n')
}

const CELL = 'padding:4px 16px 4px 0;text-align:left;vertical-align:top'
const BUTTON =
  'display:inline-block;padding:12px 24px;border-radius:4px;background:#0066cc;color:#ffffff;font-weight:600;text-decoration:none'

function blockHtml(block: Block): string {
  if ('paragraph' in block) return `<p>${escapeHtml(inLine(block.paragraph))}</p>`
  if ('link' in block) {
    const link = escapeHtml(block.link)
    // The address in full too, for who would rather copy it than press what somebody sent.
    return `<p><a href="${link}" style="${BUTTON}">${escapeHtml(block.label)}</a></p>\n<p style="font-size:14px;word-break:break-all">${link}</p>`
  }
  const rows = block.rows.map(
    ([name, value]) =>
      `<tr><th scope="row" style="${CELL}">${escapeHtml(name)}</th><td style="${CELL}">${escapeHtml(inLine(value))}</td></tr>`,
  )
  return `<table style="border-collapse:collapse">\n${rows.join('\n')}\n</table>`
}

export interface Sheet {
  readonly language: 'it' | 'en'
  readonly subject: string
  readonly greeting: string
  readonly blocks: readonly Block[]
  /** who writes */
  readonly signature: string
  /** below, in small print */
  readonly note: string
}

export function sheetText({ greeting, blocks, signature, note }: Sheet): string {
  const parts = [wrap(greeting), ...blocks.map(blockText), wrap(signature), `-- \n${wrap(note)}`]
  return `${parts.join('\n\n')}\n`
}

export function sheetHtml({ language, subject, greeting, blocks, signature, note }: Sheet): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(inLine(subject))}</title>
</head>
<body style="margin:0 auto;max-width:600px;padding:24px 16px;font:16px/1.5 'Titillium Web',Arial,sans-serif;color:#17324d;background:#ffffff">
<p>${escapeHtml(inLine(greeting))}</p>
${blocks.map(blockHtml).join('\n')}
<p>${escapeHtml(inLine(signature))}</p>
<hr style="border:0;border-top:1px solid #5d7083">
<p style="font-size:14px;color:#455b71">${escapeHtml(inLine(note))}</p>
</body>
</html>
`
}
