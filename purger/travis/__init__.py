"""All knowledge of Travis CI: addresses, the cache page, the API, job logs and sign-in."""
