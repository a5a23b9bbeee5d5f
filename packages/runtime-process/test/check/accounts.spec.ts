import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAccounts } from '../../src/check/accounts.js';
import { identityOf } from '../../src/check/target-user.js';
import { temporaryDirectory } from '../temporary-directory.js';

function accountsOf(nameServices: string, withSystemd = false) {
  const directory = temporaryDirectory();
  const files = {
    passwd: join(directory, 'passwd'),
    group: join(directory, 'group'),
    nameServices: join(directory, 'nsswitch.conf'),
    systemdUsers: join(directory, 'userdb'),
  };
  writeFileSync(files.passwd, 'web:x:1000:1001:Web,,:/srv/web:/bin/sh\n# a comment\n42:x:7:8::/:\nbad:x:y:z\n');
  writeFileSync(files.group, 'web:x:1001:\naudio:x:29:web,other\nempty:x:30:\n');
  writeFileSync(files.nameServices, nameServices);
  if (withSystemd) mkdirSync(files.systemdUsers);
  return readAccounts(files);
}

test('users and groups are those of the files', async () => {
  const { users, groups } = await accountsOf('');
  expect(users).toEqual([
    { name: 'web', uid: 1000, gid: 1001 },
    { name: '42', uid: 7, gid: 8 },
  ]);
  expect(groups).toContainEqual({ name: 'audio', gid: 29, members: ['web', 'other'] });
});

test.each([
  ['', false, true],
  ['passwd: files\ngroup: files [SUCCESS=merge] # sss', false, true],
  ['passwd: files systemd', false, true],
  ['passwd: files systemd', true, false],
  ['passwd: files sss\ngroup: files', false, false],
  ['group: files ldap', false, false],
])('with the name services %j, systemd there: %j, the files tell all: %j', async (services, withSystemd, areAll) => {
  expect((await accountsOf(services, withSystemd)).areAll).toBe(areAll);
});

test.each([
  ['web', { uid: 1000, gid: 1001, name: 'web' }],
  ['1000', { uid: 1000, gid: 1001, name: 'web' }],
  ['web:audio', { uid: 1000, gid: 29, name: 'web' }],
  ['web:5', { uid: 1000, gid: 5, name: 'web' }],
  ['42', { uid: 7, gid: 8, name: '42' }],
  ['77:88', { uid: 77, gid: 88, name: undefined }],
  ['77', 'nobody'],
  ['web:none', 'nobody'],
  ['nobody-of-that-name:5', 'nobody'],
  ['4294967295:5', 'nobody'],
  ['', 'nobody'],
])('the user %j is found as aurae-exec finds it', async (user, found) => {
  expect(identityOf(user, await accountsOf(''))).toEqual(found);
});
