/** The texts of a message that searches look into: header fields and text parts, decoded. */
import { decodeHeaderText, decodeCharset } from '../mime/encoding.ts'
import { parseHeader, unfold } from '../mime/header.ts'
import { parameterText } from '../mime/parameters.ts'
import type { MimePart } from '../mime/structure.ts'
import { decodeTransfer } from '../mime/transfer-encoding.ts'

/** Reads bytes [from, to) of the message. */
export type ReadBytes = (from: number, to: number) => Promise<Buffer>

/** Longer parts are searched up to here, so that a search cannot fill the memory. */
const MAX_PART = 4 * 1024 * 1024
const MAX_MESSAGE = 16 * 1024 * 1024

export type HeaderFields = readonly {
  /** lower case */
  readonly name: string
  /** unfolded, latin1 */
  readonly raw: string
  /** decoded */
  readonly value: string
}[]

/** The fields of a message's header. */
export async function headerFields({ start, body }: MimePart, read: ReadBytes): Promise<HeaderFields> {
  const { fields } = parseHeader(await read(start, body))
  return fields.map(({ name, value }) => {
    const raw = unfold(value)
    return { name: name.toLowerCase(), raw, value: decodeHeaderText(raw) }
  })
}

/** The text parts, and the headers of messages within, decoded. */
export async function bodyTexts(message: MimePart, read: ReadBytes): Promise<string[]> {
  const texts: string[] = []
  let room = MAX_MESSAGE
  const visit = async (part: MimePart): Promise<void> => {
    if (part !== message && part.envelope)
      texts.push((await headerFields(part, read)).map(({ name, value }) => `${name}: ${value}`).join('\n'))
    if (part.type === 'text') {
      const length = Math.min(part.end - part.body, MAX_PART, room)
      room -= length
      texts.push(await partText(part, length, read))
    }
    for (const child of part.children) await visit(child)
  }
  await visit(message)
  return texts
}

/** The first `length` bytes of a text part, decoded. */
export async function partText({ body, encoding, parameters }: MimePart, length: number, read: ReadBytes): Promise<string> {
  const bytes = decodeTransfer(await read(body, body + length), encoding)
  return decodeCharset(bytes, parameterText(parameters, 'charset') ?? 'utf-8')
}
