/**
 * Ten clients at once on one folder do whatever clients do. After every response each of them is checked against what it may be told (RFC 9051,
 * RFC 3501, RFC 7162): see `support/torture`. How long, and with which seed: TORTURE_SECONDS, TORTURE_SEED.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from '../src/protocols/imap/test-imap.ts'
import { torture } from './support/torture/torture.ts'

const seconds = Number(process.env['TORTURE_SECONDS'] ?? 60)
const seed = Number(process.env['TORTURE_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

const imap = await withImap({ after })

test(
  `ten sessions on one folder are told nothing but the truth (TORTURE_SEED=${seed})`,
  { timeout: (seconds + 240) * 1000 },
  async (t) => {
    const { commands, states } = await torture(imap, { seconds, seed })
    t.diagnostic(`${commands} commands in ${seconds} s, ${states} past states, TORTURE_SEED=${seed}`)
    assert.ok(commands > 0)
  },
)
