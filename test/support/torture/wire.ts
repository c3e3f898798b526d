/** One connection of the torture test: commands go out, perhaps several at once, and every response is judged as it comes. */
import assert from 'node:assert/strict'
import type { TestClient } from '../../../src/protocols/imap/test-imap.ts'
import type { Command } from './command.ts'
import type { View } from './view.ts'
import type { World } from './world.ts'

/** Responses that are kept to be shown when one of them was wrong. */
const SHOWN = 40

export class Wire {
  /** what was said last, the newest at the end */
  readonly transcript: string[] = []
  readonly #client: TestClient
  readonly #world: World
  #tag = 0

  constructor(client: TestClient, world: World) {
    this.#client = client
    this.#world = world
  }

  /** Sends commands at once, and waits for the answers. @param idle waits until IDLE is to be ended */
  async play(commands: readonly Command[], view: View, idle?: () => Promise<void>): Promise<void> {
    const running = this.send(commands)
    for (let answered = 0; answered < running.length;) {
      const { tag, command } = running[answered] ?? assert.fail()
      const line = await this.#response()
      this.#world.tick()
      if (line.startsWith('+ ')) {
        await idle?.()
        const literal = idle ? 'DONE' : (command.literal ?? assert.fail('nothing was to be sent'))
        this.#write(`${literal}\r\n`)
      } else if (line.startsWith(`${tag} `)) {
        const [, status = '', code = ''] = /^\S+ ([A-Z]+)(?: \[([^\]]*)\])?/.exec(line) ?? []
        assert.notEqual(status, 'BAD', command.text)
        this.#world.answered++
        view.commandEnded(code)
        command.answered?.({ status, code, at: this.#world.tick() })
        answered++
      } else view.hear(line, command)
    }
  }

  /** Sends commands at once. */
  send(commands: readonly Command[]): { readonly tag: string; readonly command: Command }[] {
    const running = commands.map((command) => ({ tag: `a${++this.#tag}`, command }))
    for (const { tag, command } of running) command.sent?.(this.#world.tick(), tag)
    this.#write(running.map(({ tag, command }) => `${tag} ${command.text}\r\n`).join(''))
    return running
  }

  #write(text: string): void {
    this.#note(`C: ${text}`)
    this.#client.write(text)
  }

  async #response(): Promise<string> {
    const line = await this.#client.response()
    this.#note(`S: ${line}`)
    assert.ok(line !== '' && !line.startsWith('* BYE'), 'the connection has ended')
    return line
  }

  #note(text: string): void {
    this.transcript.push(text.length > 400 ? `${text.slice(0, 400)}... ${text.length} in all` : text)
    if (this.transcript.length > SHOWN) this.transcript.shift()
  }
}
