/** The first words of a message, for lists of messages (RFC 8970): of an envelope those of the original that it carries, not the provider's. */
import type { MimePart } from '../mime/structure.ts'
import { enclosedOriginal } from '../pec/enclosed-original.ts'
import { storable } from './folded-text.ts'
import { partText } from './search-texts.ts'
import type { ReadBytes } from './search-texts.ts'

/** RFC 8970 3.3: characters. */
const MOST_CHARACTERS = 200
/** What is read of a part, in bytes. */
const MOST_READ = 16 * 1024

/** Empty if there is no text to show. */
export async function previewOf(root: MimePart, read: ReadBytes): Promise<string> {
  const part = shownText(enclosedOriginal(root) ?? root)
  if (!part) return ''
  const text = await partText(part, Math.min(part.end - part.body, MOST_READ), read)
  const words = (part.subtype === 'html' ? withoutMarkup(text) : text).replace(/[\s\p{Cc}\ufeff\ufffd]+/gu, ' ').trim()
  return storable(
    Array.from(words.slice(0, 2 * MOST_CHARACTERS))
      .slice(0, MOST_CHARACTERS)
      .join(''),
  )
}

/** The first plain text, else the first one in HTML; no attachment, and nothing of messages within. */
function shownText(message: MimePart): MimePart | undefined {
  const texts: MimePart[] = []
  const visit = (part: MimePart): void => {
    if (part.type === 'text' && part.disposition?.type !== 'attachment') texts.push(part)
    if (part.type === 'multipart') part.children.forEach(visit)
  }
  visit(message)
  return texts.find(({ subtype }) => subtype === 'plain') ?? texts.find(({ subtype }) => subtype === 'html')
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** Good enough to read: what is shown is never taken for HTML. */
const withoutMarkup = (html: string): string =>
  html
    .replace(/<(style|script|head)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
    .replace(/<!--[\s\S]*?(?:-->|$)|<[a-z/!?][^>]*(?:>|$)/gi, ' ')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (entity, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? entity
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
      return code <= 0x10_ffff ? String.fromCodePoint(code) : entity
    })
