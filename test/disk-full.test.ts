/** A full disk: submissions are put off, nothing is half there, and when there is room again everything goes on. */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { defer } from './support/cleanup.ts'
import { consistent } from './support/consistent.ts'
import { execute } from './support/execute.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

/** A small file system of its own, for who may mount one. */
async function smallDisk(t: TestContext, megabytes: number): Promise<string | undefined> {
  const folder = join(temporaryFolder(t), 'disk')
  mkdirSync(folder)
  const { code, stderr } = await execute('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder])
  if (code !== 0) {
    const reason = `no small disk can be mounted here: ${stderr.trim()}`
    if (process.env['CI'] === 'true') throw new Error(reason)
    t.skip(reason)
    return undefined
  }
  defer(t, async () => void (await execute('umount', ['--lazy', folder])))
  return folder
}

/** Fills the disk but for so many bytes. */
function fill(disk: string, leave: number): string {
  const { bavail, bsize } = statfsSync(disk)
  const path = join(disk, 'filler')
  writeFileSync(path, Buffer.alloc(Math.max(bavail * bsize - leave, 0)))
  return path
}

test('a full disk puts mail off and loses nothing', async (t) => {
  if (!requireTools(t, 'swaks', 'mount')) return
  const disk = await smallDisk(t, 400)
  if (disk === undefined) return
  const provider = await startProvider(t, { dataFolder: join(disk, 'data') })
  const [mario, lucia] = provider.accounts
  const send = (subject: string, bytes: number) =>
    submit(provider, {
      account: mario,
      recipients: [lucia.address],
      message: plainMessage(mario.address, [lucia.address], {
        headers: [`Subject: ${subject}`],
        body: `${'a'.repeat(76)}\r\n`.repeat(bytes / 78),
      }),
    })
  const sender = await openMailbox(t, provider, mario)
  assert.equal((await send('prima', 1000)).code, 0)
  await waitForMessages(sender, 2)

  const filler = fill(disk, 500_000)
  const large = await send('grande', 5_000_000)
  assert.match(large.stdout, /451 4\.3\.0 .*try again later/)
  rmSync(filler)

  // Now to the last byte, so that the database itself finds no room: it may have to put off even small messages, and comes back.
  const whole = fill(disk, 0)
  let accepted = 0
  for (let answer = await send('stretta', 60_000); accepted < 100; answer = await send('stretta', 60_000)) {
    if (answer.code === 0) accepted++
    else {
      assert.match(answer.stdout, /451 4\.3\.0 .*try again later/)
      break
    }
  }
  assert.ok(accepted < 100, 'the database never found its disk full')
  rmSync(whole)

  assert.equal((await send('dopo', 1000)).code, 0)
  const after = await waitForMessages(sender, 4 + 2 * accepted)
  const count = (subject: string): number => after.filter((message) => message.subject === subject).length
  assert.deepEqual(
    ['prima', 'grande', 'stretta', 'dopo'].map((subject) => [count(`ACCETTAZIONE: ${subject}`), count(`CONSEGNA: ${subject}`)]),
    [
      [1, 1],
      [0, 0],
      [accepted, accepted],
      [1, 1],
    ],
  )
  await consistent(provider)
})
