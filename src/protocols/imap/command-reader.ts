/**
 * Gathers the bytes of one command: its lines and its literals (RFC 3501 4.3, RFC 7888). A literal that is too large is refused before its
 * bytes are asked for; one that the client sends unasked is skipped.
 */
import type { Input } from '../wire/input.ts'

/** A command as it came: between two texts stands a literal. */
export interface RawCommand {
  readonly tag: string
  /** upper case; for the UID commands both words */
  readonly name: string
  /** latin1; the first without tag and name; one more than there are literals */
  readonly texts: readonly string[]
  readonly literals: readonly Buffer[]
}

/** A command that is not even gathered. */
export interface BrokenCommand {
  readonly tag: string
  readonly status: 'BAD' | 'NO'
  readonly code: string | null
  readonly text: string
}

export interface ReaderDeps {
  readonly input: Pick<Input, 'line' | 'bytes' | 'skip'>
  /** asks the client to send the literal: "+ ..." */
  readonly continueLiteral: () => Promise<void>
  /** longest line, without literals */
  readonly line: number
  /** bytes that the literals of this command may have together */
  readonly literals: (name: string) => number
}

interface Announced {
  readonly size: number
  readonly synchronising: boolean
  /** the line before it */
  readonly text: string
}

const LITERAL = /\{(\d{1,15})(\+?)\}$/
const COMMAND = /^([\x21\x23\x24\x26\x27\x2c-\x5b\x5d-\x7a\x7c-\x7e]+) (UID +[A-Z]+|[A-Z]+)(?= |$)/i

/** The next command; undefined for an empty line, which some clients leave behind a literal. Throws ConnectionClosed. */
export async function readCommand(deps: ReaderDeps): Promise<RawCommand | BrokenCommand | undefined> {
  let line = await deps.input.line(deps.line)
  if (/^ *$/.test(line.text) && !line.cut) return undefined
  const match = COMMAND.exec(line.text)
  const tag = match?.[1] ?? tagOf(line.text)
  const name = (match?.[2] ?? '').toUpperCase().replace(/ +/, ' ')
  const texts: string[] = []
  const literals: Buffer[] = []
  let problem = match ? undefined : broken(tag, 'BAD', null, 'Not a command')
  let room = deps.literals(name)
  let left = deps.line - line.text.length
  let rest = line.text.slice(match?.[0].length ?? 0)
  for (;;) {
    if (line.cut) problem ??= broken(tag, 'BAD', 'TOOBIG', 'Command line too long')
    const literal = announcedLiteral(rest)
    if (!literal) return problem ?? { tag, name, texts: [...texts, rest], literals }
    texts.push(literal.text)
    if (literal.size > room) problem ??= tooLarge(tag, name)
    // The client waits, and takes the answer as "no".
    if (problem && literal.synchronising) return problem
    // What comes unasked is read over even then: it must not be taken for commands.
    if (problem) await deps.input.skip(literal.size)
    else {
      if (literal.synchronising) await deps.continueLiteral()
      literals.push(await deps.input.bytes(literal.size))
    }
    room -= literal.size
    line = await deps.input.line(Math.max(left, 0))
    left -= line.text.length
    rest = line.text
  }
}

function announcedLiteral(line: string): Announced | undefined {
  const match = line.endsWith('}') ? LITERAL.exec(line) : null
  if (!match) return undefined
  return { size: Number(match[1]), synchronising: match[2] === '', text: line.slice(0, match.index) }
}

/** RFC 7889 4 for messages; RFC 7888 4 for the rest. */
function tooLarge(tag: string, name: string): BrokenCommand {
  if (name === 'APPEND') return broken(tag, 'NO', 'TOOBIG', 'Too large, or too much for one command')
  return broken(tag, 'BAD', 'TOOBIG', 'Literal too large')
}

function broken(tag: string, status: 'BAD' | 'NO', code: string | null, text: string): BrokenCommand {
  return { tag, status, code, text }
}

/** The tag of a line that is no command, if it has one: the client should learn which line was wrong. */
function tagOf(line: string): string {
  return /^([A-Za-z0-9._-]{1,64})(?= |$)/.exec(line)?.[1] ?? '*'
}
