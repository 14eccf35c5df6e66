"""People sign in to a shop on Django, in one file. To start it: python docs/examples/django_shop.py runserver localhost:9000"""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse, JsonResponse
from django.urls import path

from verifier.login.django import Login

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY=os.urandom(32).hex(), ALLOWED_HOSTS=["localhost"])

login = Login(
    issuer=os.environ["ISSUER"],
    client_id=os.environ["CLIENT_ID"],
    secret=os.environ["CLIENT_SECRET"],
    url=os.environ["URL"],
)


@login.required("LoA1")
def account(request):
    person = login.person(request)
    return JsonResponse({"name": person.claims["name"], "level": person.acr})


@login.required("LoA2", within=300)  # two factors, and shown within the last five minutes
def transfer(request):
    person = login.person(request)
    return JsonResponse({"name": person.claims["name"], "level": person.acr})


def home(request):
    return HttpResponse('<form method="post" action="/login/out"><button id="out">Đăng xuất · Sign out</button></form>')


urlpatterns = [path("", home), path("account", account), path("transfer", transfer), *login.urls]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
