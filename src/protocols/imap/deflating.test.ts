import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createInflateRaw } from 'node:zlib'
import * as fc from 'fast-check'
import { Deflating } from './deflating.ts'

const step = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    text: fc.string({ maxLength: 60 }),
    times: fc.integer({ min: 1, max: 3000 }),
  }),
  fc.record({ kind: fc.constantFrom('hurry' as const, 'release' as const, 'wait' as const) }),
)

test('whatever is written, and whenever memory is given back, it inflates to what was written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const wire = new PassThrough()
      const inflate = createInflateRaw()
      const received: Buffer[] = []
      inflate.on('data', (chunk: Buffer) => received.push(chunk))
      wire.pipe(inflate)
      const deflating = new Deflating(wire, { level: 1, windowBits: 13, memLevel: 6 })
      let sent = ''
      for (const one of steps) {
        if (one.kind === 'write') {
          const text = one.text.repeat(one.times)
          sent += text
          deflating.write(text, 'utf8')
        } else if (one.kind === 'hurry') deflating.hurry()
        else if (one.kind === 'release') deflating.release()
        else for (let turn = 0; turn < 5; turn++) await nextTurn()
      }
      deflating.end()
      await once(inflate, 'end')
      assert.equal(Buffer.concat(received).toString(), sent)
    }),
    { numRuns: 60 },
  )
})

test('memory is given back once all is passed on, and not before', async () => {
  const wire = new PassThrough()
  const deflating = new Deflating(wire, {})
  assert.equal(deflating.release(), false)
  deflating.write('x'.repeat(100_000))
  assert.equal(deflating.release(), false)
  deflating.hurry()
  assert.equal(deflating.release(), false)
  await once(wire, 'readable')
  while (!deflating.release()) await nextTurn()
  assert.equal(deflating.release(), false)
})
