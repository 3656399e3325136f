"""Adds the roles that Restage makes, and the rights to judge and to work in all projects."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('staging', '0028_callback_secrets_are_renewed'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='project',
            options={'ordering': ('name',), 'permissions': [('all_projects', 'Can work in all projects in the admin')]},
        ),
        migrations.AlterModelOptions(
            name='stagedimage',
            options={'ordering': ('prediction', 'position'), 'permissions': [('judge_pictures', 'Can judge pictures')]},
        ),
        migrations.CreateModel(
            name='Role',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=20, unique=True)),
                ('given', models.JSONField(default=list)),
                ('group', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='role', to='auth.group')),
            ],
        ),
    ]
