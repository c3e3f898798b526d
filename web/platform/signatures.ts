/**
 * Signatures by WebCrypto, for code that wants the answer at once. Verifying a bundle is pure: the same files give the same answer, whenever and
 * however often it runs. So it is run in rounds. A signature that nobody has asked about yet counts as good, only so that the round
 * goes on and asks about the others; then WebCrypto is asked about all of them, and the next round begins anew with its answers. What a round
 * finds counts only if it asked nothing new: then no answer in it was a guess.
 *
 * What a browser cannot judge is told apart from what is wrong: there is no answer at all then.
 */
import { Buffer } from './buffer.ts'
import { keyedBy, verifyByWebCrypto, type Question } from './web-crypto.ts'

/** Node's number for RSA-PSS. */
export const PSS_PADDING = 6

/** Something in the bundle that this browser cannot judge; the command can. */
export class CannotJudge extends Error {}

interface Round {
  /** null where the browser cannot tell */
  readonly answers: ReadonlyMap<string, boolean | null>
  readonly open: Map<string, Question>
  unable: string | null
}

let round: Round | null = null

function currentRound(): Round {
  if (!round) throw new Error('signatures are asked about within inRounds only')
  return round
}

export function askSignature(question: Question): boolean {
  const { answers, open } = currentRound()
  const key = keyedBy(question)
  const answer = answers.get(key)
  if (answer === null) return tellUnable('a signature is by a key that this browser does not know')
  if (answer !== undefined) return answer
  // The bytes may be a view of what the round lets go of.
  open.set(key, { ...question, data: Buffer.from(question.data), signature: Buffer.from(question.signature) })
  return true
}

/** There is no result where this is met without a guess before it. @returns what lets the round go on */
export function tellUnable(why: string): boolean {
  currentRound().unable ??= why
  return true
}

/**
 * @param run pure: it is run several times
 * @throws CannotJudge
 */
export async function inRounds<Result>(run: () => Result): Promise<Result> {
  const answers = new Map<string, boolean | null>()
  for (;;) {
    const mine: Round = { answers, open: new Map(), unable: null }
    const result = withRound(mine, run)
    if (mine.open.size > 0) {
      for (const [key, question] of mine.open) answers.set(key, await verifyByWebCrypto(question))
    } else if (mine.unable !== null) {
      throw new CannotJudge(mine.unable)
    } else {
      return result
    }
  }
}

function withRound<Result>(mine: Round, run: () => Result): Result {
  round = mine
  try {
    return run()
  } finally {
    round = null
  }
}
