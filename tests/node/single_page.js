// A single-page application on npm `oidc-client-ts`, unmodified: all of the protocol is the library's. What happened is in #state.
'use strict';
const bound = sessionStorage.getItem('bound') !== null; // to a key that this browser made and never shows
const users = new oidc.UserManager({
  authority: SETTINGS.authority,
  client_id: SETTINGS.client_id,
  redirect_uri: `${location.origin}/`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid profile offline_access',
  loadUserInfo: !bound, // which checks its `sub`, and knows bearer tokens alone
  ...(bound && { dpop: { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() } }),
  revokeTokensOnSignout: true,
  automaticSilentRenew: false, // renewed when the button says so
  userStore: new oidc.WebStorageStateStore({ store: sessionStorage }),
});
const say = (state, user) => {
  document.getElementById('user').textContent = JSON.stringify(user ?? null);
  document.getElementById('state').textContent = state;
};
const does = (state, action) => async () => {
  say('busy');
  try {
    say(state, await action());
  } catch (error) {
    say(`refused: ${error.error ?? error.message}`);
  }
};
const on = (id, state, action) => { document.getElementById(id).onclick = does(state, action); };

on('sign-in', 'leaving', () => users.signinRedirect());
on('renew', 'renewed', () => users.signinSilent());
on('sign-out', 'leaving', () => users.signoutRedirect({ state: 'out' }));
// With a proof of the library's for this very request, and without one.
on('facts', 'facts', async () => {
  const user = await users.getUser();
  const address = `${SETTINGS.authority}/userinfo`;
  const DPoP = await users.dpopProof(address, user, 'GET');
  const proven = await fetch(address, { headers: { Authorization: `DPoP ${user.access_token}`, DPoP } });
  const bare = await fetch(address, { headers: { Authorization: `Bearer ${user.access_token}` } });
  return { token_type: user.token_type, facts: await proven.json(), bare: bare.status };
});
// What a page must not get at, as its own browser sees it.
on('ask', 'asked', async () => {
  const open = async (path, init) => {
    try {
      return (await fetch(SETTINGS.authority + path, init)).status;
    } catch {
      return 'not for this page';
    }
  };
  const secret = { method: 'POST', headers: { Authorization: 'Basic YTpi' }, body: new URLSearchParams({ grant_type: 'x' }) };
  return {
    '/': await open('/'),
    '/consents': await open('/consents'),
    '/par': await open('/par', { method: 'POST', body: new URLSearchParams() }),
    '/introspect': await open('/introspect', { method: 'POST', body: new URLSearchParams() }),
    'a secret at /token': await open('/token', secret),
    'cookies at /userinfo': await open('/userinfo', { credentials: 'include' }),
    '/userinfo': await open('/userinfo', { headers: { Authorization: 'Bearer none' } }),
  };
});

const answered = new URLSearchParams(location.search);
if (answered.has('code') || answered.has('error')) {
  does('signed in', async () => {
    const user = await users.signinRedirectCallback();
    history.replaceState(null, '', '/');
    return user;
  })();
} else if (answered.has('state')) {
  does('signed out', () => users.signoutRedirectCallback())();
} else {
  does('ready', () => users.getUser())();
}
