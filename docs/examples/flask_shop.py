"""People sign in to a shop on Flask. To start it: flask --app docs/examples/flask_shop.py run --host localhost --port 9000"""

import os

from flask import Flask

from verifier.login.flask import Login

app = Flask(__name__)
login = Login(
    app,
    issuer=os.environ["ISSUER"],
    client_id=os.environ["CLIENT_ID"],
    secret=os.environ["CLIENT_SECRET"],
    url=os.environ["URL"],
)


@app.get("/account")
@login.required("LoA1")
def account():
    return {"name": login.person.claims["name"], "level": login.person.acr}


@app.get("/transfer")
@login.required("LoA2", within=300)  # two factors, and shown within the last five minutes
def transfer():
    return {"name": login.person.claims["name"], "level": login.person.acr}


@app.get("/")
def home():
    return '<form method="post" action="/login/out"><button id="out">Đăng xuất · Sign out</button></form>'
