/** The ledger names the sending provider (RFC 6109 2.3): another one's where it sealed the envelope. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withPoints } from '../../test/support/points.ts'

const { database, holder, worker, accept, address } = await withPoints({ after })

test('of what another provider sealed, deliveries and failures name that provider; of what is ours, ourselves', async () => {
  const mario = await holder('mario')
  const [anna, bruno, nobody] = [(await holder('anna')).address, (await holder('bruno')).address, address('nessuno')]
  const { delivery, receive } = worker()
  const envelope = await accept(mario, [anna, bruno, nobody])
  const foreign = { envelope, provider: 'Altro Gestore S.p.A.', retried: false }
  const receipts = [
    await delivery.deliver({ ...foreign, recipient: anna }),
    await delivery.deliver({ ...foreign, recipient: nobody }),
    await delivery.deliver({ envelope, recipient: bruno, retried: false }),
  ]
  for (const receipt of receipts) if (receipt) await receive(receipt)
  const rows = await database.reader.read<{ event: string; recipients: string[]; provider: string }>(
    "select event, recipients, provider from ledger_entry where pec_msgid = $1 and event in ('delivered', 'delivery-failed')",
    [envelope.data.pecMsgid],
  )
  assert.deepEqual(
    Object.fromEntries(rows.map(({ event, recipients, provider }) => [`${event} ${recipients.join()}`, provider])),
    {
      [`delivered ${anna}`]: 'Altro Gestore S.p.A.',
      [`delivery-failed ${nobody}`]: 'Altro Gestore S.p.A.',
      [`delivered ${bruno}`]: 'Gestore Prova',
    },
  )
})
