/** The lines of a client: a keyword and its argument (RFC 2449 3). Any line is read without harm; what is none of ours is a Mistake. */
import { Mistake } from './errors.ts'

export interface CommandLine {
  /** upper case */
  readonly name: string
  /** what stands behind the first space, as it stands; undefined without one */
  readonly argument: string | undefined
}

/** @param line latin1, without its end */
export function readCommandLine(line: string): CommandLine {
  const space = line.indexOf(' ')
  if (space < 0) return { name: line.toUpperCase(), argument: undefined }
  return { name: line.slice(0, space).toUpperCase(), argument: line.slice(space + 1) }
}

type Argument = string | undefined

/** Words between spaces: some clients send more spaces than they should. */
const wordsOf = (argument: Argument): string[] => (argument ?? '').split(' ').filter((word) => word !== '')

/** RFC 1939 5: decimal, from 1. Far more than any maildrop has, so that none is rounded. */
function readNumber(word: string | undefined): number {
  if (word === undefined || !/^0*[1-9]\d{0,9}$/.test(word)) throw new Mistake('A message number is missing')
  return Number(word)
}

export function noArgument(argument: Argument): void {
  if (wordsOf(argument).length > 0) throw new Mistake('No argument was expected')
}

/** The number of a message. */
export function messageNumber(argument: Argument): number {
  const [number, ...more] = wordsOf(argument)
  if (more.length > 0) throw new Mistake('Too many arguments')
  return readNumber(number)
}

export const optionalNumber = (argument: Argument): number | undefined =>
  wordsOf(argument).length === 0 ? undefined : messageNumber(argument)

/** The number of a message, and a number of lines (0 and up). */
export function numberAndLines(argument: Argument): { number: number; lines: number } {
  const [number, lines, ...more] = wordsOf(argument)
  if (more.length > 0) throw new Mistake('Too many arguments')
  if (lines === undefined || !/^\d{1,10}$/.test(lines)) throw new Mistake('A number of lines is missing')
  return { number: readNumber(number), lines: Number(lines) }
}

/** The whole rest of the line (UTF-8), with the spaces that it may have (RFC 1939 7, PASS). */
export function wholeText(argument: Argument): string {
  if (argument === undefined || argument === '') throw new Mistake('An argument is missing')
  return Buffer.from(argument, 'latin1').toString()
}

/** RFC 5034 4: a mechanism, in upper case, and perhaps an initial response. */
export function mechanismAndResponse(argument: Argument): { mechanism: string; initial: string | undefined } {
  const [mechanism, initial, ...more] = wordsOf(argument)
  if (mechanism === undefined) throw new Mistake('A mechanism is missing')
  if (more.length > 0) throw new Mistake('Too many arguments')
  return { mechanism: mechanism.toUpperCase(), initial }
}
