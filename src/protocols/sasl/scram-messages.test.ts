import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseClientFinal, parseClientFirst } from './scram-messages.ts'

const PROOF = Buffer.alloc(32, 7)
const syntax = { code: 'sasl-syntax', fault: 'client' }

test('the examples of RFC 7677 and RFC 5802', () => {
  assert.deepEqual(parseClientFirst('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'), {
    gs2Header: 'n,,',
    binding: 'n',
    authorization: '',
    user: 'user',
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    bare: 'n=user,r=rOprNGfwEbeRWgbNEkqO',
  })
  const withoutProof = 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  assert.deepEqual(parseClientFinal(`${withoutProof},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`), {
    channelBinding: Buffer.from('n,,'),
    nonce: 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    proof: Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64'),
    withoutProof,
  })
})

test('flags, escapes, extensions', () => {
  assert.deepEqual(parseClientFirst('p=tls-exporter,a=x=2Cy,n=a=3Db=2Cc,r=n,x=1,y=2=3').binding, { kind: 'tls-exporter' })
  assert.equal(parseClientFirst('n,a=,n=a,r=x').authorization, '')
  const { authorization, user, bare, gs2Header } = parseClientFirst('y,a=x=2Cy,n=a=3Db=2Cc=2C,r=n,x=1,y=2=3')
  assert.deepEqual(
    { authorization, user, bare, gs2Header },
    {
      authorization: 'x,y',
      user: 'a=b,c,',
      bare: 'n=a=3Db=2Cc=2C,r=n,x=1,y=2=3',
      gs2Header: 'y,a=x=2Cy,',
    },
  )
  const { withoutProof } = parseClientFinal(`c=biws,r=n,x=1,p=bm8=,p=${PROOF.toString('base64')}`)
  assert.equal(withoutProof, 'c=biws,r=n,x=1,p=bm8=')
})

test('what is not to the letter is refused', () => {
  const first = ['', 'n', 'n,', 'n,,', 'n,,n=user', 'n,,r=x,n=user', 'n,,n=,r=x', 'n,,n=a=b,r=x', 'n,,n=a=2c,r=x', 'x,,n=a,r=x']
  first.push(
    'N,,n=a,r=x',
    'n,n=a,r=x',
    'p,,n=a,r=x',
    'p=,,n=a,r=x',
    'p=a_b,,n=a,r=x',
    'n,b=x,n=a,r=x',
    'n,a=b=c,n=a,r=x',
    'n,,n=a,r=',
  )
  first.push(
    'n,,n=a,r=x\n',
    'n,,n=a,r=x y',
    'n,,n=a\0b,r=x',
    'n,,m=1,n=a,r=x',
    'n,,n=a,r=x,',
    'n,,n=a,r=x,1=2',
    'n,,n=a,r=x,x=',
    ' n,,n=a,r=x',
  )
  for (const message of first) assert.throws(() => parseClientFirst(message), syntax, message)
  const proof = `p=${PROOF.toString('base64')}`
  const final = ['', 'c=biws', 'c=biws,r=x', `r=x,c=biws,${proof}`, `c=,r=x,${proof}`, `c=biws,${proof}`, `c=bi*s,r=x,${proof}`]
  final.push(
    `c=biws=,r=x,${proof}`,
    'c=biws,r=x,p=',
    'c=biws,r=x,p=AAAA',
    `c=biws,r=x,${proof},x=1`,
    `c=biws,r=x,${proof}=`,
    `c=biws,r=x,${proof}\n`,
  )
  for (const message of final) assert.throws(() => parseClientFinal(message), syntax, message)
})

const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\0') && text.isWellFormed())
const nonce = fc.stringMatching(/^[!-+\--~]{1,40}$/)
const escape = (text: string): string => text.replaceAll('=', '=3D').replaceAll(',', '=2C')

test('property: what a client may say is read as it is meant', () => {
  fc.assert(
    fc.property(name, fc.option(name), nonce, fc.constantFrom('n', 'y', 'p=tls-exporter'), (user, authorization, text, flag) => {
      const gs2Header = `${flag},${authorization === null ? '' : `a=${escape(authorization)}`},`
      const bare = `n=${escape(user)},r=${text}`
      assert.deepEqual(parseClientFirst(gs2Header + bare), {
        gs2Header,
        binding: flag === 'n' || flag === 'y' ? flag : { kind: 'tls-exporter' },
        authorization: authorization ?? '',
        user,
        nonce: text,
        bare,
      })
    }),
  )
})

test('property: whatever is said, it is read to its last character or refused, and soon', { timeout: 20_000 }, () => {
  const piece = fc.oneof(
    fc.constantFrom('n,', ',', 'n=', 'r=', 'c=biws', 'p=', '=2C', '=', 'a=', 'x=1', 'm=', `p=${PROOF.toString('base64')}`),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const message = pieces.join('')
      for (const parse of [
        () => {
          const { gs2Header, bare } = parseClientFirst(message)
          assert.equal(gs2Header + bare, message)
        },
        () => {
          const { withoutProof, proof } = parseClientFinal(message)
          assert.equal(`${withoutProof},p=${proof.toString('base64')}`, message)
        },
      ]) {
        try {
          parse()
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'sasl-syntax', String(error))
        }
      }
    }),
    { numRuns: 2000 },
  )
  for (const long of [
    `n,,n=${'=2C'.repeat(100_000)}`,
    `c=biws,r=x${',x=1'.repeat(100_000)}`,
    `n,,n=a,r=x${',x=1'.repeat(100_000)},`,
  ])
    for (const parse of [parseClientFirst, parseClientFinal]) assert.throws(() => parse(long), syntax)
})
