/**
 * For tests: whether a criterion holds for a message, told from its bytes alone, without a column, an index or SQL. It says what a search means:
 * substrings, in any case and composition, of decoded texts.
 */
import { decodeCharset, decodeHeaderText } from '../mime/encoding.ts'
import { parseHeader, unfold } from '../mime/header.ts'
import { parameterText } from '../mime/parameters.ts'
import { parseStructure, type Address, type MimePart } from '../mime/structure.ts'
import { decodeTransfer } from '../mime/transfer-encoding.ts'
import type { Criterion } from './search-types.ts'

const fold = (text: string): string => text.normalize('NFC').toLowerCase()

export interface TestMessage {
  readonly bytes: Buffer
  readonly internalDate: number
}

export function holds(criterion: Criterion, { bytes, internalDate }: TestMessage): boolean {
  const { root } = parseStructure(bytes)
  const envelope = root.envelope
  switch (criterion.on) {
    case 'received':
    case 'saved':
    case 'sent':
    case 'content':
      throw new Error('not told from the bytes')
    case 'older':
      return Math.floor(internalDate / 1000) <= criterion.second
    case 'younger':
      return Math.floor(internalDate / 1000) >= criterion.second
    case 'larger':
      return bytes.length > criterion.size
    case 'smaller':
      return bytes.length < criterion.size
    case 'subject':
      return fold(decodeHeaderText(envelope?.subject ?? '')).includes(fold(criterion.text))
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc':
      return fold((envelope?.[criterion.on] ?? []).map(shown).join(', ')).includes(fold(criterion.text))
    case 'header':
      return fieldsOf(root, bytes).some(
        ([name, value]) => name === criterion.name.toLowerCase() && fold(value).includes(fold(criterion.text)),
      )
    case 'fields':
      return fieldsOf(root, bytes).some(([name, value]) => fold(`${name}: ${value}`).includes(fold(criterion.text)))
    case 'body':
      return textsOf(root, bytes).some((text) => fold(text).includes(fold(criterion.text)))
  }
}

function shown({ name, mailbox, host }: Address): string {
  const before = name === null ? '' : `${decodeHeaderText(name)} `
  return host === null ? `${before}${mailbox ?? ''}` : `${before}<${mailbox ?? ''}@${host}>`
}

function fieldsOf({ start, body }: MimePart, bytes: Buffer): [name: string, value: string][] {
  const { fields } = parseHeader(bytes.subarray(start, body))
  return fields.map(({ name, value }) => [name.toLowerCase(), decodeHeaderText(unfold(value))])
}

function textsOf(message: MimePart, bytes: Buffer): string[] {
  const texts: string[] = []
  const visit = (part: MimePart): void => {
    if (part !== message && part.envelope)
      texts.push(
        fieldsOf(part, bytes)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n'),
      )
    if (part.type === 'text') {
      const decoded = decodeTransfer(bytes.subarray(part.body, part.end), part.encoding)
      texts.push(decodeCharset(decoded, parameterText(part.parameters, 'charset') ?? 'utf-8'))
    }
    part.children.forEach(visit)
  }
  visit(message)
  return texts
}
