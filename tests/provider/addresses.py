"""The addresses of the provider of the tests: Django's form to log in, and what django-oauth-toolkit has."""

from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.urls import include, path

urlpatterns = [path("login", LoginView.as_view()), path("", include("oauth2_provider.urls"))]
