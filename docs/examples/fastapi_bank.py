"""People sign in to a bank on FastAPI: a key instead of a secret, pushed requests, tokens that are bound to a key (FAPI 2.0).

To start it: uvicorn --app-dir docs/examples fastapi_bank:app --host localhost --port 9000
"""

import os
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from verifier.login import SignedIn
from verifier.login.fastapi import Login

app = FastAPI()
login = Login(
    app,
    issuer=os.environ["ISSUER"],
    client_id=os.environ["CLIENT_ID"],
    key=os.environ["CLIENT_KEY"],  # openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out client.pem
    url=os.environ["URL"],
    profile="bank",
    store=os.environ["STORE"],  # a file: several processes serve one bank
)


@app.get("/account")
def account(person: Annotated[SignedIn, Depends(login.required("LoA1"))]):
    return {"name": person.claims["name"], "level": person.acr}


@app.get("/transfer")
def transfer(person: Annotated[SignedIn, Depends(login.required("LoA2", within=300))]):
    return {"name": person.claims["name"], "level": person.acr}


@app.get("/", response_class=HTMLResponse)
def home():
    return '<form method="post" action="/login/out"><button id="out">Đăng xuất · Sign out</button></form>'
