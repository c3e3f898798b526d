/**
 * publiccode.yml against the standard (https://yml.publiccode.tools/schema.core.html): the mandatory keys, their types and lengths, and the
 * allowed values of the keys that we use. Unknown keys are refused, so that a misspelt one shows.
 *
 * Mandatory: publiccodeYmlVersion, name, url, platforms, developmentStatus, softwareType, description (at least one language, each with
 * shortDescription of at most 150 characters, longDescription of 150 to 10000, features), legal/license (SPDX), maintenance/type,
 * maintenance/contacts where the type is internal or community, localisation/localisationReady, localisation/availableLanguages (BCP 47).
 * Section `IT` is deprecated in the standard, so we have none. Categories: https://yml.publiccode.tools/categories-list.html
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')

const text = z.string().trim().min(1)
/** Lengths are counted in characters, not in UTF-16 units. */
const lengthBetween = (least: number, most: number) =>
  z.string().refine((value) => {
    const { length } = Array.from(value)
    return length >= least && length <= most
  }, `needs ${least} to ${most} characters`)

const description = z.strictObject({
  localisedName: text.optional(),
  shortDescription: lengthBetween(1, 150).refine((value) => !value.includes('\n'), 'is one line'),
  longDescription: lengthBetween(150, 10_000),
  features: z.array(text).min(1),
})

const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/)

const publiccode = z.strictObject({
  publiccodeYmlVersion: z.enum(['0', '0.2', '0.3', '0.4', '0.5']),
  name: text,
  url: z.url({ protocol: /^https$/ }),
  platforms: z.array(z.enum(['web', 'windows', 'mac', 'linux', 'ios', 'android'])).min(1),
  categories: z.array(z.enum(['communications', 'digital-citizenship', 'e-signature', 'email-management'])).min(1),
  developmentStatus: z.enum(['concept', 'development', 'beta', 'stable', 'obsolete']),
  softwareType: z.enum([
    'standalone/mobile',
    'standalone/iot',
    'standalone/desktop',
    'standalone/web',
    'standalone/backend',
    'standalone/other',
    'addon',
    'library',
    'configurationFiles',
  ]),
  intendedAudience: z.strictObject({ countries: z.array(z.string().regex(/^[A-Z]{2}$/)) }),
  description: z.record(language, description).refine((all) => Object.keys(all).length > 0),
  legal: z.strictObject({ license: text, mainCopyrightOwner: text.optional() }),
  maintenance: z
    .strictObject({
      type: z.enum(['internal', 'contract', 'community', 'none']),
      contacts: z.array(z.strictObject({ name: text, email: z.email().optional(), affiliation: text.optional() })).optional(),
    })
    .refine(({ type, contacts }) => !['internal', 'community'].includes(type) || (contacts ?? []).length > 0, 'needs contacts'),
  localisation: z.strictObject({ localisationReady: z.boolean(), availableLanguages: z.array(language).min(1) }),
})

test('publiccode.yml follows the standard', () => {
  const { success, error } = publiccode.safeParse(parse(read('publiccode.yml')))
  assert.ok(success, z.prettifyError(error ?? new z.ZodError([])))
})

test('publiccode.yml tells the licence of package.json, and tells it in Italian and in English', () => {
  const { legal, description: described } = publiccode.parse(parse(read('publiccode.yml')))
  const { license } = JSON.parse(read('package.json')) as { license: string }
  assert.equal(legal.license, license)
  assert.deepEqual(Object.keys(described).sort(), ['en', 'it'])
})
