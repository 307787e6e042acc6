from django.db import transaction
from django.urls import path
from rest_framework import generics, serializers
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from contender.models import Job


class JobSerializer(serializers.ModelSerializer):
    class Meta:
        model = Job
        fields = "__all__"


class JobList(generics.ListAPIView):
    serializer_class = JobSerializer

    def get_queryset(self):
        return Job.objects.filter(user_id=self.request.user.username)


urlpatterns = [
    path("job-list", JobList.as_view()),
    path("login", TokenObtainPairView.as_view()),
    # In one transaction: one commit for each refresh, where it would be three.
    path("refresh-token", transaction.atomic(TokenRefreshView.as_view())),
]
