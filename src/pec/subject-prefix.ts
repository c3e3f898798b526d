/** The user's own subject out of the Subject of a certified message. */
import { decodeHeaderText, encodeWords } from '../mime/encoding.ts'
import { unfold } from '../mime/header.ts'

/** Longer ones before those that they begin with. */
const PREFIXES = [
  'ACCETTAZIONE',
  'AVVISO DI NON ACCETTAZIONE PER VIRUS',
  'AVVISO DI NON ACCETTAZIONE',
  'POSTA CERTIFICATA',
  'PRESA IN CARICO',
  'ANOMALIA MESSAGGIO',
  'CONSEGNA',
  'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO',
  'AVVISO DI MANCATA CONSEGNA PER VIRUS',
  'AVVISO DI MANCATA CONSEGNA',
  'PROBLEMA DI SICUREZZA',
]

const PREFIX = new RegExp(
  `^\\s*(?:${PREFIXES.map((prefix) => prefix.replaceAll('.', '\\.').replaceAll(' ', '\\s+')).join('|')})\\s*:`,
  'i',
)

/**
 * Takes one prefix off: that of a subject that was certified before stays.
 * @param raw the Subject's raw value (latin1)
 * @returns the raw value of the user's own subject, byte for byte where the prefix was not encoded with it; null if there is no prefix
 */
export function withoutPrefix(raw: string): string | null {
  const rest = raw.replace(PREFIX, '')
  if (rest !== raw) return rest
  const decoded = decodeHeaderText(unfold(raw))
  const own = decoded.replace(PREFIX, '').trim()
  return own === decoded.trim() ? null : ` ${encodeWords(own)}`
}
