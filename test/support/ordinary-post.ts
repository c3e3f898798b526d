/** The ordinary mail that leaves a provider: a server that takes all of it, and who looks at it letter by letter. */
import assert from 'node:assert/strict'
import { parseStructure } from '../../src/mime/structure.ts'
import { decodeTransfer } from '../../src/mime/transfer-encoding.ts'
import { startServer } from '../../src/transport/test-smtp.ts'
import { defer, type Owner } from './cleanup.ts'

export interface Letter {
  /** the plain text, all white space as single spaces */
  readonly text: string
  /** envelope sender */
  readonly from: string
  readonly to: string
  /** what stands behind "#" in its link; empty where there is none */
  readonly token: string
}

export interface OrdinaryPost {
  /** for CERALACCA_ROUTES */
  readonly route: string
  /** Waits for a letter that speaks of something, and takes it out. @param to its recipient; anybody where not given */
  letter(words: RegExp, to?: string): Promise<Letter>
}

const LONGEST_WAIT_MS = 30_000

export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + LONGEST_WAIT_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(performance.now() < deadline, `no ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function startOrdinaryPost(owner: Owner): Promise<OrdinaryPost> {
  const { port, received, close } = await startServer(null)
  defer(owner, close)

  function take(words: RegExp, wanted: string | undefined): Letter | undefined {
    for (const [index, { bytes, from, to: recipients }] of received.entries()) {
      const [to = ''] = recipients
      const part = parseStructure(bytes).root.children[0]
      const lines = part ? decodeTransfer(bytes.subarray(part.body, part.end), part.encoding).toString() : ''
      const text = lines.replaceAll(/\s+/g, ' ')
      if (!words.test(text) || (wanted !== undefined && wanted !== to)) continue
      received.splice(index, 1)
      return { text, from, to, token: /#(\S+)/.exec(text)?.[1] ?? '' }
    }
    return undefined
  }

  return {
    route: `*=localhost:${port}`,
    letter: (words, to) => until(`letter of ${words} to ${to ?? 'anybody'}`, () => take(words, to)),
  }
}
