/**
 * Ten clients at once on one folder do whatever clients do. After every response each of them is checked against what it may be told (RFC 9051,
 * RFC 3501, RFC 7162): see `support/torture`. How long, and with which seed: TORTURE_SECONDS, TORTURE_SEED.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { MailboxStore } from '../src/mailbox/types.ts'
import { withImap } from '../src/protocols/imap/test-imap.ts'
import { createRandom } from './support/torture/random.ts'
import { torture } from './support/torture/torture.ts'

const seconds = Number(process.env['TORTURE_SECONDS'] ?? 60)
const seed = Number(process.env['TORTURE_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

const hints = createRandom(seed)

/** Hints may be lost and may come twice: here many do. */
const watch =
  (real: MailboxStore): MailboxStore['watch'] =>
  (mailbox, listener) =>
    real.watch(mailbox, () => {
      for (let times = hints.pick([0, 1, 1, 2]); times > 0; times--) listener()
    })

// A session that rests but a moment gives back what it has in memory, so that many do.
const imap = await withImap({ after }, { store: (real) => ({ watch: watch(real) }), limits: { hibernate: 4 } })

test(
  `ten sessions on one folder are told nothing but the truth (TORTURE_SEED=${seed})`,
  { timeout: (seconds + 240) * 1000 },
  async (t) => {
    const { commands, states } = await torture(imap, { seconds, seed })
    t.diagnostic(`${commands} commands in ${seconds} s, ${states} past states, TORTURE_SEED=${seed}`)
    assert.ok(commands > 0)
  },
)
