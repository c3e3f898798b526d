/** SPF, DKIM and DMARC against a real name server with records made for the test. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { dkimSign } from 'mailauth'
import { startDns, type DnsRecords } from '../../test/support/dns.ts'
import { requireTools } from '../../test/support/tools.ts'
import { createMailAuthentication } from './mail-authentication.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')

const SENT_BY = '192.0.2.7'
const MESSAGE = [
  'From: Anna <anna@ordinary.test>',
  'To: mario.rossi@pec.example.it',
  'Subject: Prova',
  'Date: Sun, 15 Mar 2026 10:30:00 +0100',
  'Message-ID: <uno@ordinary.test>',
  '',
  'Buongiorno.',
  '',
].join('\r\n')

const RECORDS: DnsRecords = {
  addresses: { 'mx.ordinary.test': [SENT_BY] },
  mx: { 'ordinary.test': [{ host: 'mx.ordinary.test', preference: 10 }] },
  txt: {
    'ordinary.test': ['something else', 'v=spf1 mx -all'],
    'soft.test': ['v=spf1 ~all'],
    'broken.test': ['v=spf1 include:broken.test -all'],
    'client.test': [`v=spf1 ip4:${SENT_BY} -all`],
    'sel._domainkey.ordinary.test': [`v=DKIM1; k=rsa; p=${key}`],
    '_dmarc.ordinary.test': ['v=DMARC1; p=reject'],
  },
}

interface Given {
  readonly bytes?: Buffer | string
  readonly reversePath?: string
  readonly from?: string
}

type Summary = (given: Given) => Promise<string>

/** A test with a name server of its own. */
function check(name: string, work: (summary: Summary) => Promise<void>): void {
  test(name, async (t) => {
    if (!requireTools(t, 'dnsmasq')) return
    const ask = createMailAuthentication({ dnsServers: [await startDns(t, RECORDS)], serverName: 'mx.pec.test' })
    await work(({ bytes = MESSAGE, reversePath = 'anna@ordinary.test', from = SENT_BY }) => {
      const client = { address: from, name: 'client.test', protocol: 'ESMTPS' }
      return ask({ reversePath, recipients: ['mario.rossi@pec.example.it'], bytes: Buffer.from(bytes), client })
    })
  })
}

async function signed(domain: string): Promise<string> {
  const signature = {
    signingDomain: domain,
    selector: 'sel',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
  // The types ask for one signature's settings beside the list; only the list is read.
  const { signatures } = await dkimSign(MESSAGE, { ...signature, signatureData: [signature] })
  return signatures + MESSAGE
}

check('SPF: who may send for a domain, and who may not', async (summary) => {
  assert.equal(await summary({}), 'spf=pass dkim=none dmarc=pass')
  assert.equal(await summary({ from: '192.0.2.8' }), 'spf=fail dkim=none dmarc=fail')
  assert.equal(await summary({ from: '2001:db8::1' }), 'spf=fail dkim=none dmarc=fail')
  assert.equal(await summary({ reversePath: 'a@soft.test' }), 'spf=softfail dkim=none dmarc=fail')
  assert.equal(await summary({ reversePath: 'a@unknown.test' }), 'spf=none dkim=none dmarc=fail')
  assert.equal(await summary({ reversePath: 'a@broken.test' }), 'spf=permerror dkim=none dmarc=fail')
})

check('the null reverse path is judged by the name that the client gave (RFC 7208 2.4)', async (summary) => {
  assert.equal(await summary({ reversePath: '' }), 'spf=pass dkim=none dmarc=fail')
  assert.equal(await summary({ reversePath: '', from: '192.0.2.8' }), 'spf=fail dkim=none dmarc=fail')
})

check('DKIM: a signature that holds, one that does not, one without a key, and DMARC by it', async (summary) => {
  const good = await signed('ordinary.test')
  const from = '192.0.2.8'
  assert.equal(await summary({ bytes: good, from }), 'spf=fail dkim=pass dmarc=pass')
  assert.equal(await summary({ bytes: good.replace('Buongiorno', 'Buonasera'), from }), 'spf=fail dkim=neutral dmarc=fail')
  assert.equal(await summary({ bytes: good.replace('Subject: Prova', 'Subject: Altro'), from }), 'spf=fail dkim=fail dmarc=fail')
  assert.equal(await summary({ bytes: await signed('unknown.test'), from }), 'spf=fail dkim=neutral dmarc=fail')
})

check('one signature that holds is enough, but only the first few are looked at', async (summary) => {
  const good = await signed('ordinary.test')
  const [signature = ''] = /^DKIM-Signature:[^]*?\r\n(?![ \t])/.exec(good) ?? []
  const bad = signature.replace('s=sel', 's=nokey')
  const from = '192.0.2.8'
  assert.equal(await summary({ bytes: bad.repeat(4) + good, from }), 'spf=fail dkim=pass dmarc=pass')
  assert.equal(await summary({ bytes: bad.repeat(5) + good, from }), 'spf=fail dkim=neutral dmarc=fail')
})

check('DMARC needs one author', async (summary) => {
  const two = MESSAGE.replace('From: Anna', 'From: altri@other.test, Anna')
  assert.equal(await summary({ bytes: two }), 'spf=pass dkim=none dmarc=none')
  assert.equal(await summary({ bytes: MESSAGE.replace(/^From.*\r\n/, '') }), 'spf=pass dkim=none dmarc=none')
})

check('a hostile message is answered like any other', async (summary) => {
  const words = /^spf=[a-z]+ dkim=[a-z]+ dmarc=[a-z]+$/
  const hostile = [
    '',
    '\r\n',
    'DKIM-Signature: \r\n\r\n',
    'DKIM-Signature: v=1; a=rsa-sha256; d=ordinary.test; s=\0; b=x; bh=y; h=from; l=-1\r\n\r\n',
    `From: ${'<'.repeat(10_000)}\r\n\r\n`,
    'a:\r\n'.repeat(50_000),
  ]
  for (const bytes of hostile) assert.match(await summary({ bytes, reversePath: '"a b"@[192.0.2.1]' }), words)
})

test('a name server that is silent makes it temperror, within the time given', { timeout: 5000 }, async (t) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const dnsServers = [`127.0.0.1:${silent.address().port}`]
  const ask = createMailAuthentication({ dnsServers, serverName: 'mx.pec.test', milliseconds: 50 })
  const client = { address: SENT_BY, name: 'client.test', protocol: 'ESMTP' }
  const bytes = Buffer.from(await signed('ordinary.test'))
  const answer = await ask({ reversePath: 'anna@ordinary.test', recipients: [], bytes, client })
  assert.equal(answer, 'spf=temperror dkim=temperror dmarc=temperror')
})
