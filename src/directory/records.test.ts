import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createTestAuthority } from '../seal/test-authority.ts'
import { readLdif } from './ldif.ts'
import { writeLdif, type LdifOutput } from './ldif-writer.ts'
import { certificateHash, entryOf, readRecords, type DirectoryContent } from './records.ts'
import type { ProviderRecord } from './types.ts'

const authority = await createTestAuthority({ name: 'Records', now: Date.now() })
const certificate = async (): Promise<Buffer> => {
  const { certificate } = await authority.issueSealCertificate({ providerName: 'Uno', address: 'posta-certificata@uno.test' })
  return new X509Certificate(certificate).raw
}
const [first, second] = [await certificate(), await certificate()]

const uno: ProviderRecord = {
  name: 'Uno, Posta & Città S.p.A.',
  unit: null,
  mailReceipt: 'ricevute@uno.test',
  domains: ['uno.test', 'pec.uno.test'],
  certificates: [first, second],
  ldifUrl: 'https://uno.test/record.ldif.p7m',
  description: 'Il primo',
}
const secondary: ProviderRecord = {
  ...uno,
  unit: 'Secondario + altro',
  domains: ['due.uno.test'],
  ldifUrl: null,
  description: null,
}

const readOf = (...entries: LdifOutput[]): DirectoryContent => readRecords(readLdif(writeLdif(entries)))

type Attributes = LdifOutput['attributes']
/** The entry of a record with its attributes changed. */
const changed = (change: (attributes: Attributes) => Attributes, record = uno): LdifOutput => {
  const entry = entryOf(record)
  return { ...entry, attributes: change(entry.attributes) }
}
const without =
  (name: string) =>
  (attributes: Attributes): Attributes =>
    attributes.filter(([description]) => description.split(';')[0] !== name)
const withValue =
  (name: string, ...values: (string | Buffer)[]) =>
  (attributes: Attributes): Attributes => [
    ...without(name)(attributes),
    ...values.map((value): readonly [string, string | Buffer] => [name, value]),
  ]

test('records are written and read back: environments, several certificates, odd names', () => {
  const { records, problems } = readOf(entryOf(uno), entryOf(secondary))
  assert.deepEqual(records, [uno, secondary])
  assert.deepEqual(problems, [])
})

test('the first example of RFC 6109 4.5.10: the damaged certificate that is printed there costs its record, and nothing else', () => {
  const { records, problems, location } = readRecords(readLdif(readFileSync('test/data/rfc6109-4.5.10-first.ldif')))
  assert.equal(location, 'https://igpec.rupa.example.com/igpec.ldif.p7m')
  assert.deepEqual(
    records.map(({ certificates, ...record }) => ({ ...record, certificates: certificates.map(certificateHash) })),
    [
      {
        name: 'Anonymous Certified Mail S.p.A.',
        unit: null,
        mailReceipt: 'ssacceptance@postalser.example.com',
        domains: ['mail.anpocert.example.com', 'cert.company.example.com', 'costmec.example.com'],
        ldifUrl: 'https://anpocert.example.com/anpocert.ldif.p7m',
        description: 'Certified mail services for companies',
        certificates: ['7e7aef1059ae0f454f2643a95f69ec3556009239'],
      },
    ],
  )
  assert.deepEqual(
    problems.map(({ dn, lost }) => [dn, lost]),
    ['value', 'value', 'record'].map((lost) => ['providerName=Postal Services S.p.A,o=postacert', lost]),
  )
})

test('the second example of RFC 6109 4.5.10: a secondary environment with the certificate of the main one', () => {
  const { records, problems } = readRecords(readLdif(readFileSync('test/data/rfc6109-4.5.10-second.ldif')))
  assert.deepEqual(
    records.map(({ name, unit, domains, certificates }) => [name, unit, domains.length, certificates.map(certificateHash)]),
    [
      ['Anonymous Certified Mail S.p.A.', null, 3, ['7e7aef1059ae0f454f2643a95f69ec3556009239']],
      ['Certified Mail S.p.A.', 'Secondary Environment', 2, ['7e7aef1059ae0f454f2643a95f69ec3556009239']],
      ['Postal Services S.r.l.', null, 2, ['e00fdd9d88be0e2cc766b893315caf93d5701a6a']],
    ],
  )
  // The fold in the name swallows a blank, and the attribute says something else still.
  assert.deepEqual(
    problems.map(({ problem, lost }) => [problem, lost]),
    [['providerName is "Certified Mail S.p.A." and not as in its dn', 'nothing']],
  )
})

test('providerUnits is providerUnit, in the name and as an attribute; attribute names in any case', () => {
  const entry = changed(without('providerUnit'), secondary)
  const typo = { ...entry, dn: entry.dn.replace('providerUnit=', 'providerUnits=') }
  assert.deepEqual(readOf(entryOf(uno), typo), { records: [uno, secondary], problems: [], location: null })
  const attribute = { ...typo, attributes: [...typo.attributes, ['PROVIDERUNITS', secondary.unit ?? ''] as const] }
  assert.deepEqual(readOf(attribute).records, [secondary])
  const upper = changed((attributes) => attributes.map(([name, value]) => [name.toUpperCase(), value] as const))
  assert.deepEqual(readOf(upper).records, [uno])
})

test('a record that lacks what it must have is left out and named; the others stand', () => {
  const cases: [LdifOutput, RegExp][] = [
    [changed(without('providerName')), /no providerName/],
    [changed(without('mailReceipt')), /no mailReceipt/],
    [changed(withValue('mailReceipt', 'Ricevute <ricevute@uno.test>')), /mailReceipt is no mail address/],
    [changed(without('managedDomains')), /no managedDomains/],
    [changed(withValue('managedDomains', 'nodot', 'a b.test')), /no managedDomains/],
    [changed(without('providerCertificate')), /no providerCertificate/],
    [changed(without('providerCertificateHash')), /no providerCertificate/],
    [{ ...entryOf(uno), dn: 'providerName=Uno,o=altro' }, /not under o=postacert/],
    [{ ...entryOf(uno), dn: 'Uno' }, /not under o=postacert/],
  ]
  for (const [entry, expected] of cases) {
    const { records, problems } = readOf(entry, entryOf(secondary))
    assert.deepEqual(records, [secondary])
    assert.ok(
      problems.some(
        ({ problem, lost, line, dn }) => expected.test(problem) && lost === 'record' && line === 3 && dn === entry.dn,
      ),
      `${expected} in ${JSON.stringify(problems)}`,
    )
  }
})

test('a value that cannot be used is left out and named; the record stands', () => {
  const hashes = [first, second].map(certificateHash)
  const damaged = Buffer.concat([second, Buffer.of(0)])
  const cases: [LdifOutput, Partial<ProviderRecord>, RegExp][] = [
    [changed(withValue('providerCertificateHash', hashes[0] ?? '')), { certificates: [first] }, /which the record does not list/],
    [changed(withValue('managedDomains', 'UNO.test', 'x_y.test')), { domains: ['uno.test'] }, /"x_y.test" is no domain/],
    [changed(withValue('mailReceipt', 'a@uno.test', 'b@uno.test')), { mailReceipt: 'a@uno.test' }, /more than one mailReceipt/],
    [changed(withValue('description', Buffer.of(0xff))), { description: null }, /description is not UTF-8/],
    [
      changed((attributes) => [
        ...attributes,
        ['providerCertificateHash', certificateHash(damaged)],
        ['providerCertificate;binary', damaged],
      ]),
      {},
      /a certificate is damaged/,
    ],
  ]
  for (const [entry, expected, problem] of cases) {
    const content = readOf(entry)
    assert.deepEqual(content.records, [{ ...uno, ...expected }])
    assert.ok(content.problems.length === 1 && content.problems[0]?.lost === 'value', JSON.stringify(content.problems))
    assert.match(content.problems[0].problem, problem)
  }
})

test('a hash without its certificate is named; hashes count in any case, with colons', () => {
  const lonely = readOf(changed((attributes) => attributes.filter(([, value]) => value !== second)))
  assert.deepEqual(lonely.records, [{ ...uno, certificates: [first] }])
  assert.match(lonely.problems[0]?.problem ?? '', /no certificate has the hash/)
  const colons = (der: Buffer): string => certificateHash(der).replace(/..(?!$)/g, '$&:')
  const spelt = readOf(changed(withValue('providerCertificateHash', colons(first), certificateHash(second).toUpperCase())))
  assert.deepEqual([spelt.records, spelt.problems], [[uno], []])
})

test('the second record of a provider and environment is left out; a secondary one has no LDIFLocationURL', () => {
  const { records, problems } = readOf(entryOf(uno), entryOf({ ...uno, name: uno.name.toUpperCase(), domains: ['tre.test'] }))
  assert.deepEqual(records, [uno])
  assert.match(problems[0]?.problem ?? '', /second record/)
  const located = changed((attributes) => [...attributes, ['LDIFLocationURL', 'https://x.test/']], secondary)
  assert.deepEqual(readOf(located).records, [secondary])
})

test('whatever stands in the entries, nothing is thrown', () => {
  const names = [
    'providerName',
    'providerUnit',
    'mailReceipt',
    'managedDomains',
    'providerCertificate',
    'providerCertificateHash',
  ]
  const attribute = fc.tuple(
    fc.constantFrom(...names),
    fc.oneof(fc.string(), fc.uint8Array().map(Buffer.from), fc.constant(first)),
  )
  const dn = fc.oneof(fc.string(), fc.constantFrom('o=postacert', 'providerName=Uno,o=postacert', 'o=postacert,o=postacert'))
  const entry = fc.record({ dn, attributes: fc.array(attribute, { minLength: 1, maxLength: 8 }) })
  fc.assert(fc.property(fc.array(entry, { maxLength: 4 }), (entries) => void readOf(...entries)))
})
