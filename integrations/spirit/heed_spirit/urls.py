from django.urls import path

from heed_spirit.callback import callback

app_name = "heed"
urlpatterns = [path("callback/", callback, name="callback")]
