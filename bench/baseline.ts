/** The baseline of the same run: how many RSA-2048 signatures the machine makes per second, with a process per core (`openssl speed`). */
import { cpus } from 'node:os'
import { execute } from '../test/support/execute.ts'

const ROUNDS = 3

/** Signatures per second over all cores: the best of three rounds, for a machine that is disturbed only ever looks slower. */
export async function signaturesPerSecond(): Promise<number> {
  let best = 0
  for (let round = 0; round < ROUNDS; round++) best = Math.max(best, await measure())
  return best
}

async function measure(): Promise<number> {
  const { stdout } = await execute('openssl', ['speed', '-seconds', '3', '-multi', String(cpus().length), 'rsa2048'])
  const line = stdout.split('\n').find((text) => /^rsa\s+2048 bits/.test(text))
  const signatures = Number(line?.trim().split(/\s+/)[5])
  if (!Number.isFinite(signatures)) throw new Error(`openssl speed was not understood:\n${stdout}`)
  return signatures
}
