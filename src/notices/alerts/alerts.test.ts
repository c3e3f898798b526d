/** Alerts from end to end on a real database: what is told, when, to whom, and what is never told. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { noteWarnings } from '../../mailbox/quota-warnings.ts'
import { appended } from '../../mailbox/test-store.ts'
import { Flag } from '../../mailbox/types.ts'
import { createProfiles } from '../../registry/profiles.ts'
import { messageOf, envelopeOf, WEB, withAlerts } from './test-alerts.ts'

const bench = await withAlerts({ after })
const { alerts, holder, come, later, clock, store, database, folderOf, errors, trouble, queue } = bench

const MINUTE = 60
const BOTH = { details: true, language: 'en' } as const
const linkOf = (text: string, purpose: string): string => new RegExp(`${WEB}/alerts/${purpose}/(\\S+)`).exec(text)?.[1] ?? ''

test('an envelope that comes is told at once, to the confirmed address of the holder, without its content', async () => {
  const anna = await holder()
  const settings = await alerts.set(anna.address, BOTH)
  assert.deepEqual([settings.recipient, settings.confirmedAt], [anna.recipient, new Date(clock.now)])
  await come(anna, envelopeOf('mario@other.test', 'Parcella <3>'))
  assert.deepEqual(await later(0), [])
  const [mail, ...more] = await later(10)
  assert.deepEqual(more, [])
  assert.equal(mail?.to, anna.recipient)
  assert.equal(mail.subject, `A new message in the PEC mailbox ${anna.address}`)
  assert.match(mail.text, /mario@other\.test \| Parcella <3>/)
  assert.match(mail.html, /<td>mario@other\.test<\/td><td>Parcella &lt;3&gt;<\/td>/)
  assert.doesNotMatch(mail.text + mail.html, /secret body/)
  assert.deepEqual(mail.about, { kind: 'alert', subject: anna.ref.id, slot: anna.ref.slot })
  assert.equal(mail.headers?.['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click')
  assert.equal(mail.headers['List-Unsubscribe'], `<${WEB}/alerts/stop/${linkOf(mail.text, 'stop')}>`)
  assert.deepEqual(await later(120), [])
})

test('sender and subject are hidden unless the holder wishes them', async () => {
  const anna = await holder()
  await alerts.set(anna.address, {})
  await come(anna, envelopeOf('mario@other.test', 'Parcella'))
  await later(0)
  const [mail] = await later(10)
  assert.match(mail?.text ?? '', /1 messaggio di posta certificata/)
  assert.doesNotMatch(JSON.stringify(mail), /mario|Parcella/)
})

test('what comes together is one alert, and what comes within a minute the next', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  await come(anna, ...Array.from({ length: 30 }, (_, n) => envelopeOf('bulk@other.test', `n${n}`)))
  await later(0)
  await come(anna, envelopeOf('bulk@other.test', 'n30'))
  const [mail, ...more] = await later(10)
  assert.deepEqual(more, [])
  assert.equal(mail?.subject, `31 new messages in the PEC mailbox ${anna.address}`)
  assert.match(mail.text, /and 11 more/)
  await come(anna, envelopeOf('bulk@other.test', 'n31'))
  await later(0)
  assert.deepEqual(await later(59), [])
  assert.deepEqual(
    (await later(1)).map(({ subject }) => subject),
    [`A new message in the PEC mailbox ${anna.address}`],
  )
})

test('a digest comes on the hour, or at the hour of the day in Italy, without what was read meanwhile', async () => {
  const [anna, bruno] = [await holder(), await holder()]
  await alerts.set(anna.address, { ...BOTH, frequency: 'hourly' })
  await alerts.set(bruno.address, { ...BOTH, frequency: 'daily', hour: 18 })
  clock.now = Date.parse('2026-03-20T09:10:00Z')
  for (const one of [anna, bruno]) await come(one, envelopeOf('a@b.test', 'read'), envelopeOf('a@b.test', 'unread'))
  const inbox = await folderOf(anna.ref, 'INBOX')
  await store.storeFlags(anna.ref, inbox.id, [1], { mode: 'add', flags: Flag.seen, keywords: [] })
  assert.deepEqual(await later(49 * MINUTE), [])
  const [mail, ...more] = await later(MINUTE)
  assert.deepEqual([mail?.to, more], [anna.recipient, []])
  assert.doesNotMatch(mail?.text ?? '', /\| read/)
  assert.match(mail?.text ?? '', /1 certified message\./)
  clock.now = Date.parse('2026-03-20T16:59:59Z')
  assert.deepEqual(await later(0), [])
  assert.deepEqual(
    (await later(1)).map(({ to, subject }) => [to, subject]),
    [[bruno.recipient, `2 new messages in the PEC mailbox ${bruno.address}`]],
  )
})

test('hints may be lost: within a minute all mailboxes are looked through', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  await later(MINUTE)
  await bench.comeUnhinted(anna, envelopeOf('a@b.test', 'x'))
  assert.deepEqual(await later(30), [])
  assert.deepEqual(await later(30), [])
  assert.equal((await later(10)).length, 1)
})

test('only the kinds that are wished are told; not what mail programs bring or move, nor what is no certified mail', async () => {
  const anna = await holder()
  await alerts.set(anna.address, { ...BOTH, kinds: ['envelopes'] })
  await come(
    anna,
    messageOf('X-Ricevuta: avvenuta-consegna', 'Subject: CONSEGNA: x'),
    messageOf('X-Trasporto: errore', 'Subject: y'),
  )
  await come(anna, messageOf('Subject: no marks'))
  await store.append(anna.ref, 'INBOX', [appended(envelopeOf('a@b.test', 'brought'))])
  await later(0)
  assert.deepEqual(await later(10), [])
  await alerts.set(anna.address, { kinds: ['receipts', 'anomalies'] })
  await come(
    anna,
    messageOf('X-Ricevuta: avvenuta-consegna', 'From: posta@pec.test', 'Subject: CONSEGNA: Offerta'),
    messageOf('X-Trasporto: errore', 'From: "Per conto di: c@d.test" <p@pec.test>', 'Subject: ANOMALIA MESSAGGIO: Ciao'),
    envelopeOf('a@b.test', 'not wished'),
  )
  await later(0)
  const [mail] = await later(60)
  assert.match(mail?.text ?? '', /1 receipt, 1 message in an anomaly envelope/)
  assert.match(mail?.text ?? '', /1 receipt \| Offerta/)
  assert.match(mail?.text ?? '', /c@d\.test \| Ciao/)
  assert.doesNotMatch(mail?.text ?? '', /not wished/)
})

test('receipts in the folder that the holder has for them are told too', async () => {
  const anna = await holder()
  const profiles = createProfiles({ database, domains: { isLocal: async () => false }, now: Date.now })
  await profiles.set(anna.ref, { receiptsFolder: 'Ricevute' })
  await alerts.set(anna.address, { ...BOTH, kinds: ['receipts'] })
  await store.createFolder(anna.ref, 'Ricevute')
  await come(anna, messageOf('X-Ricevuta: accettazione', 'Subject: ACCETTAZIONE: In the folder'))
  await store.move(anna.ref, (await folderOf(anna.ref, 'INBOX')).id, [1], 'Ricevute')
  await later(0)
  const [mail] = await later(10)
  assert.match(mail?.text ?? '', /In the folder/)
})

test('an alert that comes back in an anomaly envelope is not told: nothing goes round', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  const enclosed = ['Received: x', 'x-ceralacca-alert: arrived', 'Subject: alert'].join('\r\n')
  await come(anna, Buffer.concat([messageOf('X-Trasporto: errore', 'Subject: ANOMALIA MESSAGGIO: alert'), Buffer.from(enclosed)]))
  await later(0)
  assert.deepEqual(await later(10), [])
  await assert.rejects(alerts.set(anna.address, { recipient: 'x@pec.test' }), { code: 'certified-recipient' })
})

test('what is told before a crash is told again under the same key, and what is not is told', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  for (const when of ['before', 'after'] as const) {
    await come(anna, envelopeOf('a@b.test', `first ${when}`))
    await later(MINUTE)
    trouble[when] = new Error('crash')
    const early = await later(10)
    // More comes before the second attempt: it is not lost in the first alert's key.
    await come(anna, envelopeOf('a@b.test', `second ${when}`))
    const all = [...early, ...(await later(2 * MINUTE)), ...(await later(MINUTE)), ...(await later(MINUTE))]
    assert.deepEqual(
      all.map(({ text }) => [/first (before|after)/.exec(text)?.[0], /second (before|after)/.exec(text)?.[0]]),
      [
        [`first ${when}`, undefined],
        [undefined, `second ${when}`],
      ],
    )
  }
  assert.equal(errors.splice(0).length, 2)
})

test('a lease that a killed process left ends with it, and the work is taken up', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  await come(anna, envelopeOf('a@b.test', 'x'))
  await later(0)
  clock.now += 10_000
  const { slot } = anna.ref
  assert.equal((await bench.queries.claim(slot, new Date(clock.now), new Date(clock.now + 60_000), 9)).length, 1)
  assert.deepEqual(await bench.work(), [])
  await queue.release(slot, new Date(clock.now))
  assert.equal((await bench.work()).length, 1)
})

test('several processes tell it once', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  await come(anna, envelopeOf('a@b.test', 'x'))
  await later(0)
  clock.now += 10_000
  const claims = Array.from({ length: 3 }, () =>
    bench.queries.claim(anna.ref.slot, new Date(clock.now), new Date(clock.now + 1000), 9),
  )
  assert.equal((await Promise.all(claims)).flat().length, 1)
  assert.equal((await later(1)).length, 1)
})

test('up to where is told is settled by the first who looks', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  await bench.comeUnhinted(anna, envelopeOf('a@b.test', 'x'))
  const first = await bench.queries.settle(anna.ref)
  await bench.comeUnhinted(anna, envelopeOf('a@b.test', 'y'))
  assert.deepEqual(await bench.queries.settle(anna.ref), first)
  await alerts.stop(anna.address)
})

test('another address is told nothing but the link that confirms it, and then only what comes', async () => {
  const anna = await holder()
  const { confirmedAt } = await alerts.set(anna.address, { recipient: 'Other@Home.Test' })
  assert.equal(confirmedAt, null)
  const [asked, ...more] = await later(0)
  assert.deepEqual([asked?.to, more, asked?.headers?.['List-Unsubscribe']], ['other@home.test', [], undefined])
  await come(anna, envelopeOf('a@b.test', 'before'))
  assert.deepEqual(await later(MINUTE), [])
  await bench.queries.planDigests(anna.ref.slot, [{ id: anna.ref.id, at: new Date(clock.now) }])
  await later(MINUTE)
  assert.equal(bench.told.filter((key) => key.includes(anna.ref.id)).length, 1)
  const token = linkOf(asked?.text ?? '', 'confirm')
  await assert.rejects(alerts.unsubscribe(token), { code: 'bad-link' })
  await assert.rejects(alerts.confirm(`${token.slice(0, -1)}-`), { code: 'bad-link' })
  await alerts.confirm(token)
  await come(anna, envelopeOf('a@b.test', 'after'))
  await later(0)
  assert.deepEqual(
    (await later(MINUTE)).map(({ to, subject }) => [to, subject]),
    [['other@home.test', `Un nuovo messaggio nella casella PEC ${anna.address}`]],
  )
  // Asked for one address after the other, links come ten minutes apart.
  await alerts.set(anna.address, { recipient: 'third@home.test' })
  assert.deepEqual(await later(0), [])
  assert.deepEqual(
    (await later(10 * MINUTE)).map(({ to }) => to),
    ['third@home.test'],
  )
  await assert.rejects(alerts.confirm(token), { code: 'bad-link' })
  const vouched = await alerts.set(anna.address, { recipient: 'fourth@home.test' }, { confirmed: true })
  assert.ok(vouched.confirmedAt)
})

test('the link of each alert stops them, does so once for all, and nothing else; begun again, only what comes is told', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  await come(anna, envelopeOf('a@b.test', 'x'))
  await later(0)
  const [mail] = await later(10)
  const token = linkOf(mail?.text ?? '', 'stop')
  await assert.rejects(alerts.confirm(token), { code: 'bad-link' })
  const { stopped } = await alerts.unsubscribe(token)
  assert.deepEqual(stopped, { at: new Date(clock.now), by: 'link', reason: null })
  await come(anna, envelopeOf('a@b.test', 'while stopped'))
  assert.deepEqual(await later(2 * MINUTE), [])
  assert.deepEqual((await alerts.unsubscribe(token)).stopped, stopped)
  assert.equal((await alerts.set(anna.address, {})).stopped, null)
  assert.deepEqual([...(await later(MINUTE)), ...(await later(MINUTE))], [])
  await alerts.set(anna.address, { recipient: 'new@home.test' }, { confirmed: true })
  await assert.rejects(alerts.unsubscribe(token), { code: 'bad-link' })
  assert.equal((await alerts.stop(anna.address)).stopped?.by, 'holder')
})

test('an alert that cannot be delivered for good stops them, and the holder sees why; one to an earlier address does not', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  const bounce = { subject: anna.ref.id, slot: anna.ref.slot, reason: '5.1.1 unknown' }
  await alerts.undeliverable({ ...bounce, recipient: 'earlier@home.test' })
  assert.equal((await alerts.get(anna.address))?.stopped, null)
  await alerts.undeliverable({ ...bounce, recipient: anna.recipient })
  assert.deepEqual((await alerts.get(anna.address))?.stopped, { at: new Date(clock.now), by: 'bounce', reason: '5.1.1 unknown' })
  await come(anna, envelopeOf('a@b.test', 'x'))
  assert.deepEqual([...(await later(MINUTE)), ...(await later(MINUTE))], [])
})

test('of a mailbox that is suspended or closed nothing is told, nor later what came then', async () => {
  const anna = await holder()
  await alerts.set(anna.address, { ...BOTH, kinds: ['envelopes', 'receipts'] })
  const profiles = createProfiles({ database, domains: { isLocal: async () => false }, now: Date.now })
  await profiles.set(anna.ref, { status: 'disabled' })
  await come(anna, envelopeOf('a@b.test', 'x'))
  assert.deepEqual([...(await later(0)), ...(await later(MINUTE))], [])
  await profiles.set(anna.ref, { status: 'active' })
  assert.deepEqual([...(await later(MINUTE)), ...(await later(MINUTE))], [])
  await come(anna, envelopeOf('a@b.test', 'y'))
  await later(0)
  assert.equal((await later(MINUTE)).length, 1)
})

test('each mark of the quota is told once, at once, whatever the frequency', async () => {
  const anna = await holder({ quota: 10_000 })
  await alerts.set(anna.address, { ...BOTH, frequency: 'daily', hour: 18 })
  const fill = async (bytes: number): Promise<void> => {
    await store.append(anna.ref, 'INBOX', [appended(Buffer.alloc(bytes, 'x'))])
    await noteWarnings(database, new Date(clock.now))
  }
  await later(MINUTE)
  await fill(8100)
  const [mail, ...more] = await later(MINUTE)
  assert.deepEqual([mail?.subject, more], [`The PEC mailbox ${anna.address} is more than 80% full`, []])
  assert.match(mail?.text ?? '', /\(81%\)/)
  assert.deepEqual(await later(MINUTE), [])
  await fill(1500)
  assert.deepEqual(
    (await later(MINUTE)).map(({ subject }) => subject),
    [`The PEC mailbox ${anna.address} is more than 95% full`],
  )
  assert.deepEqual(await later(MINUTE), [])
  await come(anna, envelopeOf('a@b.test', 'x'))
  clock.now += 24 * 60 * MINUTE * 1000
  await later(0)
  await later(24 * 60 * MINUTE)
  assert.equal(bench.told.filter((key) => key.startsWith(`alert:${anna.ref.id}:quota`)).length, 2)
  assert.equal(bench.told.filter((key) => key.startsWith(`alert:${anna.ref.id}:arrived`)).length, 1)
})

test('that the service ends is told seven days before and one day before', async () => {
  const anna = await holder()
  await alerts.set(anna.address, BOTH)
  clock.now = Date.parse('2026-05-01T10:00:00Z')
  const told: string[] = []
  for (let hour = 0; hour < 24 * 8; hour += 6) {
    const day = new Date(clock.now).toISOString().slice(0, 10)
    const days = (Date.parse('2026-05-09') - Date.parse(day)) / 86_400_000
    bench.expiring.splice(0)
    if ([7, 1].includes(days)) bench.expiring.push({ ...anna.ref, expiresOn: '2026-05-09', days })
    told.push(...(await later(6 * 60 * MINUTE)).map(({ subject }) => subject))
  }
  bench.expiring.splice(0)
  assert.deepEqual(told, [
    `The PEC mailbox ${anna.address} expires in 7 days`,
    `The PEC mailbox ${anna.address} expires tomorrow`,
  ])
})

test('wishes are checked, and nothing is changed by those that are wrong', async () => {
  const anna = await holder()
  await assert.rejects(alerts.set('nobody@pec.test', {}), { code: 'no-such-mailbox' })
  await assert.rejects(alerts.stop(anna.address), { code: 'no-alerts' })
  await assert.rejects(alerts.set(anna.address, { hour: 24 }), { code: 'bad-hour' })
  await assert.rejects(alerts.set(anna.address, { kinds: [] }), { code: 'no-kinds' })
  await assert.rejects(alerts.set(anna.address, { recipient: 'no address' }), { code: 'bad-address' })
  bench.ordinary.delete(anna.address)
  await assert.rejects(alerts.set(anna.address, {}), { code: 'no-recipient' })
  assert.equal(await alerts.get(anna.address), null)
})

test('nothing went wrong that was only reported', () => assert.deepEqual(errors, []))
