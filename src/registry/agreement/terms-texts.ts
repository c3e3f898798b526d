/** The texts of the terms that members accept, by version and language: stored once, never changed, named in a request by their hash. */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { writeAudit, type Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import type { Language } from '../../base/languages.ts'
import type { Database } from '../../storage/database.ts'
import { dayOf, isDay } from './days.ts'

export interface TermsText {
  readonly version: string
  readonly language: Language
  /** the first day on which it may be accepted, in Italy */
  readonly validFrom: string
  readonly mediaType: string
  /** bytes */
  readonly size: number
  readonly sha256: string
  readonly addedAt: Date
  readonly addedBy: string
}

/** What a request names of the text that was accepted; both null where no text of the version is stored. */
export interface AcceptedText {
  readonly language: Language | null
  readonly sha256: Buffer | null
}

export interface TermsTexts {
  /** @throws `bad-terms` with what is wrong, `terms-exist` */
  add(text: { version: string; language: Language; validFrom: string; bytes: Buffer }, actor: Actor): Promise<TermsText>
  /** By version and language. */
  list(): Promise<TermsText[]>
  /** @throws `no-such-terms` */
  get(version: string, language: Language): Promise<{ text: TermsText; bytes: Buffer }>
  /** The text that somebody accepts today. @throws `terms-not-accepted` if there are texts of the version, but none of this language and day */
  accepted(version: string, language: Language): Promise<AcceptedText>
}

const MOST_BYTES = 5_000_000
const PDF = Buffer.from('%PDF-')
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/
const COLUMNS = `version, language, valid_from as "validFrom", media_type as "mediaType", octet_length(bytes) as size,
  encode(sha256, 'hex') as sha256, added_at as "addedAt", added_by as "addedBy"`

/** @throws `bad-terms` */
function mediaTypeOf(bytes: Buffer): string {
  if (bytes.length === 0 || bytes.length > MOST_BYTES) throw clientError('bad-terms', `A text has from 1 to ${MOST_BYTES} bytes`)
  if (bytes.subarray(0, PDF.length).equals(PDF)) return 'application/pdf'
  if (bytes.includes(0) || !isUtf8(bytes)) throw clientError('bad-terms', 'The text must be a PDF, or plain text in UTF-8')
  return 'text/plain'
}

export function createTermsTexts({ reader, transactor }: Database, now: () => number): TermsTexts {
  return {
    async add({ version, language, validFrom, bytes }, actor) {
      if (!VERSION.test(version)) throw clientError('bad-terms', `"${version}" is no version: letters, digits, ".", "_", "-"`)
      if (!isDay(validFrom)) throw clientError('bad-terms', 'A day is written such as 2026-03-15')
      const mediaType = mediaTypeOf(bytes)
      const sha256 = createHash('sha256').update(bytes).digest()
      return transactor.reference(async (tx) => {
        const [text] = await tx.query<TermsText>(
          `insert into terms_text (version, language, valid_from, media_type, bytes, sha256, added_at, added_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning ${COLUMNS}`,
          [version, language, validFrom, mediaType, bytes, sha256, new Date(now()), actor.actor],
        )
        if (!text)
          throw clientError('terms-exist', `The terms ${version} have a text in "${language}", which stays: give a new version`)
        const details = { language, validFrom, sha256: text.sha256 }
        await writeAudit(tx, { ...actor, act: 'terms-added', object: `terms:${version}`, details, at: now() })
        return text
      })
    },

    list: () => reader.read<TermsText>(`select ${COLUMNS} from terms_text order by version, language`),

    async get(version, language) {
      const [row] = await reader.read<TermsText & { bytes: Buffer }>(
        `select ${COLUMNS}, bytes from terms_text where version = $1 and language = $2`,
        [version, language],
      )
      if (!row)
        throw clientError(
          'no-such-terms',
          `No text of the terms ${version} in "${language}" is stored: see "ceralacca terms list"`,
        )
      const { bytes, ...text } = row
      return { text, bytes }
    },

    async accepted(version, language) {
      const texts = await reader.read<{ language: Language; validFrom: string; sha256: Buffer }>(
        `select language, valid_from as "validFrom", sha256 from terms_text where version = $1`,
        [version],
      )
      if (texts.length === 0) return { language: null, sha256: null }
      const text = texts.find((one) => one.language === language && one.validFrom <= dayOf(now()))
      if (!text) throw clientError('terms-not-accepted', `The terms ${version} cannot be accepted in "${language}" today`)
      return { language, sha256: text.sha256 }
    },
  }
}
