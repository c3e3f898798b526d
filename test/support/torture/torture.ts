/** The torture test: ten clients for some time, then all must agree. */
import type { TestImap } from '../../../src/protocols/imap/test-imap.ts'
import { Actor } from './actor.ts'
import { Contents } from './contents.ts'
import { agree } from './agreement.ts'
import { OTHER_FOLDER } from './message-commands.ts'
import { createRandom } from './random.ts'
import { RecentLedger } from './recent.ts'
import { StateKeeper } from './state-keeper.ts'
import type { Served } from './served.ts'
import type { Dialect } from './view.ts'
import { World } from './world.ts'

const PLAIN: Dialect = { rev2: false, condstore: false, qresync: false }
const DIALECTS: readonly Dialect[] = [
  PLAIN,
  PLAIN,
  PLAIN,
  { ...PLAIN, rev2: true },
  { ...PLAIN, rev2: true },
  { ...PLAIN, condstore: true },
  { rev2: false, condstore: true, qresync: true },
  { rev2: false, condstore: true, qresync: true },
  { rev2: true, condstore: true, qresync: true },
  { rev2: true, condstore: true, qresync: true },
]

export interface TortureOptions {
  readonly seconds: number
  readonly seed: number
  readonly served: Served
}

/** Answers how much was done. Fails with what the client that noticed something had said and heard last. */
export async function torture(
  imap: TestImap,
  { seconds, seed, served }: TortureOptions,
): Promise<{ commands: number; states: number }> {
  const mailbox = await imap.mailbox()
  const admin = await imap.login(mailbox)
  await admin.ok(`CREATE ${OTHER_FOLDER}`)
  const world = new World(new Contents(createRandom(seed)))
  const recents = new RecentLedger()
  const states = new StateKeeper(createRandom(seed ^ 1))
  const idling = new Set<Actor>()
  const connect = (): Promise<Awaited<ReturnType<TestImap['login']>>> => imap.login(mailbox)
  const keep = states.keep.bind(states)
  const actors = DIALECTS.map((dialect, session) => {
    const random = createRandom(seed + 1000 * (session + 1))
    return new Actor({ session, dialect, random, world, recents, connect, keep }, idling)
  })
  const outcome = { failed: false }
  const until = Date.now() + seconds * 1000

  /** Ends all if one fails: the others would only tell what followed from it. */
  async function guard(actor: Actor, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (outcome.failed) return
      outcome.failed = true
      throw new Error(
        `seed ${seed}, after ${world.answered} commands, session ${actors.indexOf(actor)}: ${String(error)}\n${actor.transcript}`,
        {
          cause: error,
        },
      )
    } finally {
      if (outcome.failed || Date.now() >= until) world.hurry()
    }
  }

  try {
    await Promise.all(
      actors.map((actor) =>
        guard(actor, async () => {
          await actor.start()
          while (Date.now() < until && !outcome.failed) await actor.step()
        }),
      ),
    )
    // Those that were broken off may be at their last commands still. The administrator has a connection too.
    await served.downTo(actors.length + 1)
    for (const actor of actors) await guard(actor, () => actor.settle())
    const commands = world.answered
    await agree({
      imap,
      mailbox,
      world,
      states: states.all,
      random: createRandom(seed ^ 2),
      views: actors.map(({ view }) => view),
    })
    return { commands, states: states.all.length }
  } finally {
    for (const actor of actors) actor.close()
    admin.destroy()
  }
}
