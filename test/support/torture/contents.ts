/** Messages for the torture test: each tells by its first line which it is, so that whoever reads it can say whether its bytes are right. */
import assert from 'node:assert/strict'
import type { Random } from './random.ts'

const NUMBER = /^X-Torture: (\d+)\r\n/

export class Contents {
  readonly #texts: string[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** A new one, latin1. One in thirty is larger than what the store keeps in one piece with the row. */
  make(): { readonly number: number; readonly text: string } {
    const number = this.#texts.length
    const size = this.#random.chance(0.03) ? 60_000 + this.#random.below(80_000) : this.#random.below(3000)
    const line = `${number} perch\u00c3\u00a9 no${this.#random.below(1e9)}\r\n`
    const header = `X-Torture: ${number}\r\nSubject: torture ${number}.\r\nContent-Type: text/plain; charset=utf-8\r\n`
    const text = `${header}Content-Transfer-Encoding: 8bit\r\n\r\n${line.repeat(Math.ceil(size / line.length))}`
    this.#texts.push(text)
    return { number, text }
  }

  /** Which message these bytes are; fails if they are none, or not all of it. */
  recognise(text: string): number {
    const number = Number(NUMBER.exec(text)?.[1] ?? assert.fail(`not a message of the test: ${text.slice(0, 200)}`))
    assert.ok(text === this.#texts[number], `message ${number} is not as it was appended, ${text.length} bytes`)
    return number
  }

  /** The text of an item of FETCH. */
  expected(number: number, label: string): string {
    const whole = this.#texts[number] ?? ''
    const body = whole.indexOf('\r\n\r\n') + 4
    const [, section, start] = /^BODY\[(HEADER|TEXT|)\](?:<(\d+)>)?$/.exec(label) ?? assert.fail(label)
    const part = section === '' ? whole : section === 'TEXT' ? whole.slice(body) : whole.slice(0, body)
    return start === undefined ? part : part.slice(Number(start))
  }

  size(number: number): number {
    return this.#texts[number]?.length ?? 0
  }
}
