/**
 * Ten clients at once on one folder do whatever clients do. After every response each of them is checked against what it may be told (RFC 9051,
 * RFC 3501, RFC 7162): see `support/torture`. How long, with which seed, and after how many
 * milliseconds sessions rest: TORTURE_SECONDS, TORTURE_SEED, TORTURE_REST.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { MailboxStore } from '../src/mailbox/types.ts'
import { withImap } from '../src/protocols/imap/test-imap.ts'
import { createRandom } from './support/torture/random.ts'
import { Served } from './support/torture/served.ts'
import { torture } from './support/torture/torture.ts'

const seconds = Number(process.env['TORTURE_SECONDS'] ?? 60)
const seed = Number(process.env['TORTURE_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

const hints = createRandom(seed)

/** Hints may be lost and may come twice: here many do. */
const watch =
  (real: MailboxStore): MailboxStore['watch'] =>
  (mailbox, listener) =>
    real.watch(mailbox, () => {
      for (let times = hints.pick([0, 1, 1, 2]); times > 0; times--) listener(1)
    })

// A session that rests so long gives back what it has in memory; with a few milliseconds many do.
const rest = process.env['TORTURE_REST']
const limits = rest === undefined ? {} : { hibernate: Number(rest) }
const served = new Served()
const imap = await withImap({ after }, { store: (real) => ({ watch: watch(real) }), connections: served, limits })

test(
  `ten sessions on one folder are told nothing but the truth (TORTURE_SEED=${seed})`,
  { timeout: (seconds + 240) * 1000 },
  async (t) => {
    const { commands, states } = await torture(imap, { seconds, seed, served })
    t.diagnostic(`${commands} commands in ${seconds} s, ${states} past states, TORTURE_SEED=${seed}`)
    assert.ok(commands > 0)
  },
)
