/** The ordinary mail that leaves a provider: a server that takes all of it, and who looks at it letter by letter. */
import assert from 'node:assert/strict'
import { parseStructure } from '../../src/mime/structure.ts'
import { decodeTransfer } from '../../src/mime/transfer-encoding.ts'
import { startServer, type Received } from '../../src/transport/test-smtp.ts'
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

function readLetter({ bytes, from, to: [to = ''] }: Received): Letter {
  const part = parseStructure(bytes).root.children[0]
  const lines = part ? decodeTransfer(bytes.subarray(part.body, part.end), part.encoding).toString() : ''
  const text = lines.replaceAll(/\s+/g, ' ')
  return { text, from, to, token: /#(\S+)/.exec(text)?.[1] ?? '' }
}

export async function startOrdinaryPost(owner: Owner): Promise<OrdinaryPost> {
  const { port, received, close } = await startServer(null)
  defer(owner, close)

  const letters: Letter[] = []
  function take(words: RegExp, wanted: string | undefined): Letter | undefined {
    letters.push(...received.splice(0).map(readLetter))
    const index = letters.findIndex(({ text, to }) => words.test(text) && (wanted === undefined || wanted === to))
    return index === -1 ? undefined : letters.splice(index, 1)[0]
  }

  return {
    route: `*=localhost:${port}`,
    letter: (words, to) => until(`letter of ${words} to ${to ?? 'anybody'}`, () => take(words, to)),
  }
}
